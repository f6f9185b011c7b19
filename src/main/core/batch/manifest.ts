import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, resolve } from 'node:path'
import { parse } from 'csv-parse/sync'
import { z } from 'zod'
import { StudioError } from '../../../shared/errors.ts'
import type { Pair } from '../../../shared/model/batch.ts'
import { parametersSchema } from '../../../shared/model/engine.ts'
import type { ParameterSpec, Parameters } from '../../../shared/model/engine.ts'
import type { Finding } from '../../../shared/model/media.ts'
import { parseParameters, readParameterText } from '../../../shared/model/parameters.ts'
import { isWithin } from './scan.ts'

export type ManifestOptions = {
  /** Absolute path of a .csv or .json file. */
  readonly path: string
  /** Folders and files that were handed in as well: rows may name files there too. */
  readonly roots: readonly string[]
  /** Parameters that columns may name: those of every engine, because a plan has no engine yet. */
  readonly specs: readonly ParameterSpec[]
}

export type Manifest = { readonly pairs: Pair[]; readonly findings: Finding[] }

/** One row before its paths are looked at. Cells of a CSV are text, values of a JSON file are what they are. */
type Row = {
  readonly line: number
  readonly source: string
  readonly voice?: string | undefined
  readonly driver?: string | undefined
  readonly out?: string | undefined
  readonly parameters: Parameters
}

const MAX_BYTES = 20 * 1_048_576
const MAX_ROWS = 10_000
const NAMED_COLUMNS = ['source', 'voice', 'driver', 'out']

/**
 * Reads a manifest: columns or keys `source`, `voice` or `driver`, optional `out` and parameter names. Paths are
 * relative to the manifest; they stay in its folder or in what was handed in beside it.
 *
 * A manifest that cannot be read as one is thrown as E-CONFIG-INVALID (reason `manifest`), E-INPUT-MISSING or
 * E-INPUT-PERMISSION. A row that cannot become a pair is a finding, and the others stand.
 */
export async function readManifest(options: ManifestOptions): Promise<Manifest> {
  const findings: Finding[] = []
  const rows = readRows(await readText(options.path), options, findings)
  const folder = await realpath(dirname(options.path))
  const roots = await Promise.all(options.roots.map(async (root) => realpath(root).catch(() => resolve(root))))
  const pairs: Pair[] = []
  for (const row of rows) {
    const at = (path: string) => confine(path, folder, roots, row.line)
    try {
      const { source, voice, driver, out, parameters } = row
      if (source === '' || (voice === undefined) === (driver === undefined)) {
        throw new StudioError('E-CONFIG-INVALID', {
          params: { reason: 'manifest-row', file: basename(options.path), row: row.line },
        })
      }
      pairs.push({
        source: await at(source),
        ...(voice === undefined ? {} : { voice: await at(voice) }),
        ...(driver === undefined ? {} : { driver: await at(driver) }),
        folder: '',
        ...(out === undefined ? {} : { outName: out }),
        ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
      })
    } catch (thrown) {
      findings.push(asFinding(thrown, row.line))
    }
  }
  return { pairs, findings }
}

/** UTF-8 with or without a byte order mark, or UTF-16 with one (what spreadsheets save as "Unicode text"). */
async function readText(path: string): Promise<string> {
  let bytes: Buffer
  try {
    const stats = await stat(path)
    if (!stats.isFile()) throw new StudioError('E-INPUT-NOT-FILE', { params: { file: path } })
    if (stats.size > MAX_BYTES) {
      throw new StudioError('E-INPUT-TOO-LARGE', { params: { file: path, value: stats.size, limit: MAX_BYTES } })
    }
    bytes = await readFile(path)
  } catch (thrown) {
    if (thrown instanceof StudioError) throw thrown
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : ''
    const isDenied = code === 'EACCES' || code === 'EPERM'
    throw new StudioError(isDenied ? 'E-INPUT-PERMISSION' : 'E-INPUT-MISSING', {
      params: { file: path },
      cause: thrown,
    })
  }
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    return Buffer.from(bytes.subarray(2, bytes.length - (bytes.length % 2)))
      .swap16()
      .toString('utf16le')
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw invalid(path, 'UTF-8', cause)
  }
}

function invalid(path: string, detail: string, cause?: unknown): StudioError {
  const params = { reason: 'manifest', file: basename(path), value: detail.slice(0, 200) }
  return new StudioError('E-CONFIG-INVALID', { params, ...(cause === undefined ? {} : { cause }) })
}

function readRows(text: string, options: ManifestOptions, findings: Finding[]): Row[] {
  const rows = options.path.toLowerCase().endsWith('.json') ? readJson(text, options) : readCsv(text, options)
  if (rows.length > MAX_ROWS) throw invalid(options.path, `${rows.length} > ${MAX_ROWS}`)
  return rows.filter((row) => {
    try {
      // Checked whole: an unknown name or a value out of range is told before anything runs.
      parseParameters(options.specs, row.parameters)
      return true
    } catch (thrown) {
      findings.push(asFinding(thrown, row.line))
      return false
    }
  })
}

function readCsv(text: string, options: ManifestOptions): Row[] {
  let table: string[][]
  try {
    table = parse(text, {
      bom: true,
      delimiter: delimiterOf(text),
      trim: true,
      skip_empty_lines: true,
      relax_column_count_less: true,
    })
  } catch (cause) {
    throw invalid(options.path, cause instanceof Error ? cause.message : 'CSV', cause)
  }
  const [header = [], ...lines] = table
  const columns = header.map((name) => name.toLowerCase())
  const repeated = columns.find((name, i) => name !== '' && columns.indexOf(name) !== i)
  if (repeated !== undefined) throw invalid(options.path, repeated)
  if (!columns.includes('source')) throw invalid(options.path, 'source')
  return lines.map((cells, i) => {
    const cell = (name: string): string | undefined => cells[columns.indexOf(name)] || undefined
    const parameters: Parameters = {}
    for (const [column, name] of columns.entries()) {
      const value = cells[column] ?? ''
      if (name !== '' && value !== '' && !NAMED_COLUMNS.includes(name)) {
        parameters[name] = readParameterText(options.specs, name, value)
      }
    }
    return {
      line: i + 2,
      source: cell('source') ?? '',
      voice: cell('voice'),
      driver: cell('driver'),
      out: cell('out'),
      parameters,
    }
  })
}

/** Spreadsheets of many countries write semicolons, and "Unicode text" is separated by tabs. */
function delimiterOf(text: string): string {
  const firstLine = text.split(/\r?\n/, 1)[0] ?? ''
  return [',', ';', '\t'].reduce((best, candidate) =>
    firstLine.split(candidate).length > firstLine.split(best).length ? candidate : best,
  )
}

const jsonRowSchema = z
  .object({
    source: z.string(),
    voice: z.string().optional(),
    driver: z.string().optional(),
    out: z.string().optional(),
  })
  .catchall(z.unknown())
const jsonSchema = z.union([
  z.array(jsonRowSchema),
  z.object({ pairs: z.array(jsonRowSchema) }).transform(({ pairs }) => pairs),
])

function readJson(text: string, options: ManifestOptions): Row[] {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (cause) {
    throw invalid(options.path, 'JSON', cause)
  }
  const rows = jsonSchema.safeParse(value)
  if (!rows.success) throw invalid(options.path, z.prettifyError(rows.error))
  return rows.data.map(({ source, voice, driver, out, ...rest }, i) => {
    const parameters = parametersSchema.safeParse(rest)
    // A value of another shape (null, a list) is left for `parseParameters` to name.
    return {
      line: i + 1,
      source,
      voice,
      driver,
      out,
      parameters: parameters.success ? parameters.data : (rest as Parameters),
    }
  })
}

/** The absolute path that a row means. Throws E-INPUT-NOT-FILE (reason `outside` or `name`) and E-INPUT-MISSING. */
async function confine(path: string, folder: string, roots: readonly string[], line: number): Promise<string> {
  if (path.includes('\0')) {
    throw new StudioError('E-INPUT-NOT-FILE', {
      params: { file: path.replaceAll('\0', '\\0'), reason: 'name', row: line },
    })
  }
  // A manifest made on Windows may write backslashes; on other systems they are part of a name, if such a file exists.
  const absolute = isAbsolute(path) ? path : resolve(folder, path)
  const outside = new StudioError('E-INPUT-NOT-FILE', { params: { file: path, reason: 'outside', row: line } })
  const isInside = (real: string) => isWithin(folder, real) || roots.some((root) => isWithin(root, real))
  // Refused by its spelling first: whether a file outside exists is nobody's business.
  if (!isInside(absolute) || /^[a-z]:[\\/]|^\\\\|(^|[\\/])\.\.\\/i.test(path)) throw outside
  try {
    if (!isInside(await realpath(absolute))) throw outside
  } catch (thrown) {
    if (thrown instanceof StudioError) throw thrown
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : ''
    const name = code === 'ENAMETOOLONG' ? ('E-INPUT-NOT-FILE' as const) : ('E-INPUT-MISSING' as const)
    throw new StudioError(name, { params: { file: path, row: line }, cause: thrown })
  }
  return absolute
}

function asFinding(thrown: unknown, line: number): Finding {
  if (!(thrown instanceof StudioError)) throw thrown
  return { code: thrown.code, level: 'error', params: { ...thrown.data.params, row: line } }
}
