import type { Dirent } from 'node:fs'
import { lstat, readdir, realpath } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { LeftOver } from '../../../shared/model/batch.ts'
import type { Finding } from '../../../shared/model/media.ts'
import { kindOfName, stemOf } from '../lib/media-names.ts'
import { readableName } from '../lib/readable-name.ts'
import { isOwnOutput } from './own-outputs.ts'

/** A usable file by its name; what it really is, the check finds out. */
export type ScannedFile = {
  readonly path: string
  readonly kind: 'image' | 'audio' | 'video'
  /** Place below the dropped folder, '/'-separated; '' at its top and for single files. `sources` and `drivers` are cut off. */
  readonly folder: string
  /** Name without extension and without `.source` or `.driver`. */
  readonly stem: string
  /** Said by a subfolder or by the stem; null otherwise. */
  readonly role: 'source' | 'driver' | null
}

export type ScanOptions = {
  /** Absolute paths of files and folders, in the order given. */
  readonly inputs: readonly string[]
  readonly recursive: boolean
  readonly outputFolder?: string | undefined
  /** Also true for results that the records know of under a name of their own. */
  readonly isOutput?: ((path: string) => boolean) | undefined
  readonly signal?: AbortSignal | undefined
}

export type Scan = { readonly files: ScannedFile[]; readonly leftOver: LeftOver[]; readonly findings: Finding[] }

/** Deeper folders are listed and left alone. */
const MAX_DEPTH = 64
const HIDDEN_NAMES = new Set([
  'thumbs.db',
  'ehthumbs.db',
  'desktop.ini',
  'icon\r',
  '$recycle.bin',
  'system volume information',
])
const ROLE_FOLDERS: ReadonlyMap<string, 'source' | 'driver'> = new Map([
  ['sources', 'source'],
  ['drivers', 'driver'],
])
const naturally = new Intl.Collator('en', { numeric: true })

/**
 * Finds the usable files below what was dropped, by name alone. Nothing outside is reached: links inside folders are
 * not followed, and one folder is open at a time. Names come in natural order ("2" before "10").
 *
 * Whatever is not taken is listed with its reason. A named input that is missing or no file is a finding.
 */
export async function scanInputs(options: ScanOptions): Promise<Scan> {
  const scan: Scan = { files: [], leftOver: [], findings: [] }
  const seen = new Set<string>()
  const output = options.outputFolder === undefined ? null : await realpathOrSelf(resolve(options.outputFolder))
  for (const input of options.inputs) {
    options.signal?.throwIfAborted()
    await scanInput(input, { options, scan, seen, output })
  }
  return scan
}

type Context = {
  readonly options: ScanOptions
  readonly scan: Scan
  /** Real paths already taken. */
  readonly seen: Set<string>
  readonly output: string | null
}

async function realpathOrSelf(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}

function inputFinding(code: Finding['code'], path: string, reason?: string): Finding {
  return { code, level: 'error', params: { file: path, ...(reason === undefined ? {} : { reason }) } }
}

async function scanInput(input: string, context: Context): Promise<void> {
  const { scan } = context
  if (!isAbsolute(input) || input.includes('\0')) {
    scan.findings.push(inputFinding('E-INPUT-NOT-FILE', input.replaceAll('\0', '\\0'), 'name'))
    return
  }
  let real: string
  let stats
  try {
    // A link that a person named is followed; links found on the way are not.
    real = await realpath(input)
    stats = await lstat(real)
  } catch (thrown) {
    const code = codeOf(thrown)
    if (code === 'EACCES' || code === 'EPERM') {
      scan.findings.push(inputFinding('E-INPUT-PERMISSION', input))
    } else if (code === 'ENAMETOOLONG') {
      scan.findings.push(inputFinding('E-INPUT-NOT-FILE', input, 'name'))
    } else if (input.includes('\ufffd')) {
      // A name of bytes that are not UTF-8 cannot be handed on by programs that speak UTF-8.
      scan.findings.push(inputFinding('E-INPUT-NOT-FILE', input, 'name'))
    } else {
      scan.findings.push(inputFinding('E-INPUT-MISSING', input))
    }
    return
  }
  if (stats.isDirectory()) {
    await scanFolder(input, real, '', null, 0, context)
    return
  }
  if (!stats.isFile()) {
    scan.leftOver.push({ path: input, reason: 'special' })
    return
  }
  take(input, real, '', null, context)
}

/** `folder` is the place below the root as results mirror it; `role` what a subfolder's name said. */
async function scanFolder(
  path: string,
  realRoot: string,
  folder: string,
  role: ScannedFile['role'],
  depth: number,
  context: Context,
): Promise<void> {
  const { options, scan, output } = context
  options.signal?.throwIfAborted()
  let entries: Dirent<Buffer>[]
  let real: string
  try {
    real = await realpath(path)
    // Swapped for a link since it was listed.
    if (!isWithin(realRoot, real)) {
      scan.leftOver.push({ path, reason: 'symlink' })
      return
    }
    entries = await readdir(path, { withFileTypes: true, encoding: 'buffer' })
  } catch (thrown) {
    const code = codeOf(thrown)
    scan.leftOver.push({ path, reason: code === 'ENOENT' || code === 'ENOTDIR' ? 'vanished' : 'unreadable' })
    return
  }
  // Results land below the output folder; when that lies inside what was dropped, it is not an input at all.
  const isAllOutput = output !== null && output !== realRoot && isWithin(output, real) && isWithin(realRoot, output)
  const folders: string[] = []
  const named = entries.map((entry) => ({ entry, ...readableName(entry.name) }))
  named.sort((a, b) => naturally.compare(a.text, b.text) || (a.text < b.text ? -1 : 1))
  for (const { entry, text, isExact } of named) {
    const child = join(path, text)
    const leave = (reason: LeftOver['reason']) => void scan.leftOver.push({ path: child, reason })
    if (isHidden(text)) leave('hidden')
    else if (!isExact) leave('invalid-name')
    else if (entry.isSymbolicLink()) leave('symlink')
    else if (entry.isDirectory()) folders.push(text)
    else if (!entry.isFile()) leave('special')
    else if (isAllOutput && isOwnOutput(text, 'anything')) leave('output')
    else if (output !== null && isWithin(output, real) && isOwnOutput(text, 'by-name')) leave('output')
    else if (options.isOutput?.(child) === true) leave('output')
    else take(child, join(real, text), folder, role, context)
  }
  for (const name of folders) {
    const roleOfChild = ROLE_FOLDERS.get(name.toLowerCase())
    if (roleOfChild === undefined && !options.recursive) continue
    if (depth + 1 > MAX_DEPTH) {
      scan.leftOver.push({ path: join(path, name), reason: 'too-deep' })
      continue
    }
    const place = roleOfChild === undefined ? [folder, name].filter(Boolean).join('/') : folder
    await scanFolder(join(path, name), realRoot, place, roleOfChild ?? role, depth + 1, context)
  }
}

function take(path: string, real: string, folder: string, roleOfFolder: ScannedFile['role'], context: Context): void {
  const { scan, seen } = context
  const kind = kindOfName(path)
  if (kind === 'other') {
    scan.leftOver.push({ path, reason: 'unsupported' })
    return
  }
  if (seen.has(real)) {
    scan.leftOver.push({ path, reason: 'duplicate' })
    return
  }
  seen.add(real)
  const { stem, role } = splitRole(stemOf(path))
  scan.files.push({ path, kind, folder, stem, role: role ?? roleOfFolder })
}

/** `anna.source` and `anna.driver` belong together as `anna`. */
function splitRole(stem: string): { stem: string; role: ScannedFile['role'] } {
  const match = /^(.+)\.(source|driver)$/i.exec(stem)
  const role = match?.[2]?.toLowerCase() === 'source' ? 'source' : 'driver'
  return match?.[1] === undefined ? { stem, role: null } : { stem: match[1], role }
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || HIDDEN_NAMES.has(name.toLowerCase())
}

/** Both real paths. */
export function isWithin(root: string, path: string): boolean {
  const way = relative(root, path)
  return way === '' || (!way.startsWith(`..${sep}`) && way !== '..' && !isAbsolute(way))
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
}
