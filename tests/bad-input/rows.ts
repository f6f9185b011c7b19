import type { ErrorCode } from '../../src/shared/errors.ts'
import type { EngineId } from '../../src/shared/model/engine.ts'
import type { RepairKind } from '../../src/shared/model/media.ts'

/** What a check must say of a file. Notes and warnings are listed as `code:reason`; errors stand in `errors`. */
export type Expectation = {
  readonly errors?: readonly ErrorCode[]
  /** The variant of the first error. */
  readonly reason?: string
  readonly notes?: readonly string[]
  /** Of the first error. */
  readonly repair?: RepairKind
  readonly durationSeconds?: number
  readonly size?: readonly [width: number, height: number]
  /** `value` and `limit` of the first error. */
  readonly value?: string | number
  readonly limit?: string | number
  readonly format?: string
}

export type Row = {
  /** Row of the catalogue, with a letter where a row lists several inputs. */
  readonly id: string
  readonly title: string
  /** Makes the file below an empty folder and gives its path. */
  readonly make: (folder: string) => string | Promise<string>
} & { readonly [E in Exclude<EngineId, 'segmind'>]: Expectation }

/** A row whose answer is the same for each engine. */
export function same(id: string, title: string, make: Row['make'], expected: Expectation): Row {
  return { id, title, make, offline: expected, dashscope: expected }
}

export const OK: Expectation = {}
