import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Arch } from 'electron-builder'

/** One program of one system: `sha256` is that of the fetched file, '' until a maintainer has pinned it. */
export type ToolRow = {
  readonly tool: 'ffmpeg' | 'ffprobe'
  readonly os: string
  readonly arch: string
  readonly url: string
  readonly sha256: string
}

/** The part of electron-builder's context that is used. */
type PackContext = { readonly electronPlatformName: string; readonly arch: Arch }

const OS_NAMES: Readonly<Record<string, string>> = { darwin: 'mac', win32: 'win' }
const root = resolve(import.meta.dirname, '..')
export const TABLE_FILE = join(root, 'build/tools.json')

export const readTable = (): ToolRow[] => JSON.parse(readFileSync(TABLE_FILE, 'utf8')) as ToolRow[]

/** Where the programs of a system lie while it is packaged; the configuration's own placeholders may stand for both. */
export const toolsDirOf = (os: string, arch: string): string => join('out/tools', `${os}-${arch}`)

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** The file behind a row's address. Throws one sentence. */
export async function fetchRow({ url }: ToolRow): Promise<Uint8Array> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}.`)
  return new Uint8Array(await answer.arrayBuffer())
}

/**
 * Before an app is packed: lays its ffmpeg and ffprobe into `out/tools`, from the folder that STUDIO_TOOLS_DIR names, else
 * fetched by the table and checked. Throws one sentence where a hash is missing or wrong.
 */
export async function provideTools(
  { electronPlatformName, arch }: PackContext,
  table: readonly ToolRow[] = readTable(),
): Promise<void> {
  const os = OS_NAMES[electronPlatformName] ?? electronPlatformName
  const archName = Arch[arch] ?? String(arch)
  const folder = join(root, toolsDirOf(os, archName))
  mkdirSync(folder, { recursive: true })
  for (const tool of ['ffmpeg', 'ffprobe'] as const) {
    const fileName = os === 'win' ? `${tool}.exe` : tool
    const target = join(folder, fileName)
    const own = process.env['STUDIO_TOOLS_DIR']
    if (own !== undefined && own !== '') copyFileSync(join(own, fileName), target)
    else await provide(table, { tool, os, arch: archName }, target)
    chmodSync(target, 0o755)
  }
}

type Wanted = Pick<ToolRow, 'tool' | 'os' | 'arch'>

async function provide(table: readonly ToolRow[], { tool, os, arch }: Wanted, target: string): Promise<void> {
  const row = table.find((one) => one.tool === tool && one.os === os && one.arch === arch)
  if (row === undefined) throw new Error(`build/tools.json has no ${tool} for ${os}-${arch}.`)
  if (row.sha256 === '') {
    throw new Error(
      `${tool} for ${os}-${arch} has no SHA-256 in build/tools.json: run node scripts/packaging/pin-tools.ts, review what it wrote and commit it.`,
    )
  }
  const bytes = await fetchRow(row)
  const hash = sha256Of(bytes)
  if (hash !== row.sha256) throw new Error(`${row.url} is not the file that was pinned: its SHA-256 is ${hash}.`)
  writeFileSync(target, row.url.endsWith('.gz') ? gunzipSync(bytes) : bytes)
}
