import type { LeftOver, Pair } from '../../../shared/model/batch.ts'

export type DeskFile = { readonly path: string; readonly kind: 'image' | 'audio' | 'video'; readonly folder: string }

/** What the core made of the inputs; the person's own changes lie on top of it. */
export type DeskPlan = {
  readonly pairs: readonly Pair[]
  readonly files: readonly DeskFile[]
  readonly leftOver: readonly LeftOver[]
}

/** A person's changes to a plan. They survive a new plan of the same files as far as they still make sense. */
export type DeskEdits = {
  /** By the key of the planned pair: null for removed, a pair for what stands in its place. */
  readonly changed: ReadonlyMap<string, Pair | null>
  /** Pairs that no plan proposed. */
  readonly added: readonly Pair[]
  /** Files that were taken off the desk. */
  readonly dismissed: ReadonlySet<string>
  /** Copies that stand in for files, by their own path. */
  readonly copies: ReadonlyMap<string, string>
}
export const NO_EDITS: DeskEdits = { changed: new Map(), added: [], dismissed: new Set(), copies: new Map() }

export type DeskPair = { readonly key: string; readonly pair: Pair }

export function pairKey({ source, voice, driver }: Pick<Pair, 'source' | 'voice' | 'driver'>): string {
  return JSON.stringify([source, voice ?? '', driver ?? ''])
}

export const filesOf = ({ source, voice, driver }: Pair): string[] =>
  [source, voice, driver].filter((path) => path !== undefined)

/** Whether a path is that root or lies below it. */
export function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`) || path.startsWith(`${root}\\`)
}

/** The pairs as they will run: the plan with the person's changes, each combination once. */
export function pairsOf(plan: DeskPlan, edits: DeskEdits): DeskPair[] {
  const pairs = new Map<string, Pair>()
  const add = (pair: Pair) => {
    const key = pairKey(pair)
    const isDismissed = [pair.source, pair.voice, pair.driver].some(
      (path) => path !== undefined && edits.dismissed.has(path),
    )
    if (!isDismissed && !pairs.has(key)) pairs.set(key, pair)
  }
  for (const pair of plan.pairs) {
    const change = edits.changed.get(pairKey(pair))
    if (change === undefined) add(pair)
    else if (change !== null) add(change)
  }
  const planned = new Set(plan.pairs.map(pairKey))
  for (const [key, change] of edits.changed) if (change !== null && !planned.has(key)) add(change)
  for (const pair of edits.added) add(pair)
  return [...pairs].map(([key, pair]) => ({ key, pair }))
}

/** Files in no pair with the core's reason (or `unpaired`), then what was not taken for an input at all. */
export function leftOverOf(plan: DeskPlan, edits: DeskEdits, pairs: readonly DeskPair[]): LeftOver[] {
  const used = new Set(pairs.flatMap(({ pair }) => filesOf(pair).flatMap((path) => [path, edits.copies.get(path)])))
  const reasons = new Map(plan.leftOver.map(({ path, reason }) => [path, reason]))
  const files = new Set(plan.files.map(({ path }) => path))
  const isShown = (path: string) => !used.has(path) && !edits.dismissed.has(path)
  return [
    ...plan.files
      .filter(({ path }) => isShown(path))
      .map(({ path }) => ({ path, reason: reasons.get(path) ?? 'unpaired' })),
    ...plan.leftOver.filter(({ path }) => !files.has(path) && isShown(path)),
  ]
}

/** Changes one pair in its place. The edits stay as they are when the result is already on the desk. */
export function replacePair(plan: DeskPlan, edits: DeskEdits, key: string, next: Pair | null): DeskEdits {
  if (next !== null && pairsOf(plan, edits).some((other) => other.key === pairKey(next))) return edits
  const origin = plan.pairs.find((planned) => {
    const change = edits.changed.get(pairKey(planned))
    return change === undefined ? pairKey(planned) === key : change !== null && pairKey(change) === key
  })
  if (origin !== undefined) return { ...edits, changed: new Map(edits.changed).set(pairKey(origin), next) }
  const stale = [...edits.changed].find(([, change]) => change !== null && pairKey(change) === key)
  if (stale !== undefined) return { ...edits, changed: new Map(edits.changed).set(stale[0], next) }
  const added = edits.added.flatMap((pair) => (pairKey(pair) === key ? (next === null ? [] : [next]) : [pair]))
  return { ...edits, added }
}

/** Adds a pair of the person's own making; the edits stay as they are when it is already on the desk. */
export function addPair(plan: DeskPlan, edits: DeskEdits, pair: Pair): DeskEdits {
  const key = pairKey(pair)
  if (pairsOf(plan, edits).some((other) => other.key === key)) return edits
  // A pair that was planned and removed comes back to its own place.
  if (edits.changed.get(key) === null) {
    const changed = new Map(edits.changed)
    changed.delete(key)
    return { ...edits, changed }
  }
  return { ...edits, added: [...edits.added, pair] }
}
