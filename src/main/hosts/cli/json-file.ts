import { readFileSync, statSync } from 'node:fs'
import { StudioError } from '../../../shared/errors.ts'

const MAX_BYTES = 1_048_576

/** A JSON file that a person wrote. Throws E-CONFIG-INVALID of the given reason with what is wrong with it. */
export function readJsonFile(path: string, reason: string): unknown {
  const invalid = (why: string) => invalidFile(path, reason, why)
  let text: string
  try {
    const stats = statSync(path)
    if (!stats.isFile()) throw invalid('not a file')
    if (stats.size > MAX_BYTES) throw invalid(`larger than ${MAX_BYTES} bytes`)
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (cause instanceof StudioError) throw cause
    throw invalid(cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable')
  }
  try {
    return JSON.parse(text.replace(/^\u{feff}/u, ''))
  } catch {
    throw invalid('not JSON')
  }
}

export function invalidFile(path: string, reason: string, why: string): StudioError {
  return new StudioError('E-CONFIG-INVALID', { params: { reason, file: path, value: why } })
}
