import { createStore } from 'zustand/vanilla'
import type { StoreApi } from 'zustand/vanilla'
import type { EngineId } from '../../../shared/model/engine.ts'
import { LOSSLESS_REPAIRS } from '../../../shared/model/media.ts'
import type { CheckResult } from '../../../shared/model/media.ts'
import { isBelow } from './desk-pairs.ts'

/** Verdicts on files, by engine and path: whoever needs one asks here first. */
export type MediaState = {
  readonly checks: ReadonlyMap<string, CheckResult>
  /** Keys that were asked for and not yet answered. */
  readonly pending: ReadonlySet<string>
  /** Paths of files that a person lets be repaired with a loss, on a copy. */
  readonly approved: ReadonlySet<string>
}
export type MediaStore = StoreApi<MediaState>

export function createMediaStore(): MediaStore {
  return createStore<MediaState>(() => ({ checks: new Map(), pending: new Set(), approved: new Set() }))
}

const keyOf = (engine: EngineId, path: string) => `${engine}\n${path}`

export function checkOf(state: MediaState, engine: EngineId, path: string): CheckResult | undefined {
  return state.checks.get(keyOf(engine, path))
}

/** Those of the paths that nobody has asked about yet, once each. */
export function unknownPaths(state: MediaState, engine: EngineId, paths: readonly string[]): string[] {
  const unknown = paths.filter((path) => {
    const key = keyOf(engine, path)
    return !state.checks.has(key) && !state.pending.has(key)
  })
  return [...new Set(unknown)]
}

export function markPending(store: MediaStore, engine: EngineId, paths: readonly string[]): void {
  store.setState((state) => ({ pending: new Set([...state.pending, ...paths.map((path) => keyOf(engine, path))]) }))
}

/** Takes answers in; paths that were asked for without an answer may be asked for again. */
export function putChecks(
  store: MediaStore,
  engine: EngineId,
  asked: readonly string[],
  results: readonly CheckResult[],
): void {
  store.setState((state) => {
    const checks = new Map(state.checks)
    const pending = new Set(state.pending)
    for (const result of results) checks.set(keyOf(engine, result.path), result)
    for (const path of asked) pending.delete(keyOf(engine, path))
    return { checks, pending }
  })
}

/** Lets files be looked at anew: whoever drops a file or folder again may have changed it. */
export function forgetChecks(store: MediaStore, roots: readonly string[]): void {
  store.setState(({ checks }) => ({
    checks: new Map([...checks].filter(([, { path }]) => !roots.some((root) => isBelow(path, root)))),
  }))
}

/** Whether a job with this file can succeed as far as is known: every error has a repair that is made without asking. */
export function isUsable(check: CheckResult | undefined): boolean {
  if (check === undefined) return true
  return check.findings.every(
    ({ level, repair }) => level !== 'error' || (repair !== undefined && LOSSLESS_REPAIRS.includes(repair)),
  )
}

/** Whether only a repair that loses something stands between a file and its job. */
export function isFixable(check: CheckResult | undefined): boolean {
  return check?.verdict === 'repairable' && !isUsable(check)
}

/** Whether a job with this file will repair it, as a person wished. */
export function isFixed(approved: MediaState['approved'], check: CheckResult | undefined): boolean {
  return check !== undefined && approved.has(check.path) && isFixable(check)
}

export function setApproved(store: MediaStore, paths: readonly string[], isApproved: boolean): void {
  store.setState((state) => {
    const approved = new Set(state.approved)
    for (const path of paths) {
      if (isApproved) approved.add(path)
      else approved.delete(path)
    }
    return { approved }
  })
}
