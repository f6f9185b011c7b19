import { createStore } from 'zustand/vanilla'
import type { StoreApi } from 'zustand/vanilla'
import type { LeftOver, Pair } from '../../../shared/model/batch.ts'
import type { Parameters, ParameterSpec, ParameterValue } from '../../../shared/model/engine.ts'
import type { Input } from '../../../shared/api/index.ts'
import type { SpendQuote } from '../../../shared/model/spend.ts'
import type { Finding } from '../../../shared/model/media.ts'
import { defaultParameters } from '../../../shared/model/parameters.ts'
import { addPair, filesOf, isBelow, leftOverOf, NO_EDITS, pairKey, pairsOf, replacePair } from './desk-pairs.ts'
import type { DeskEdits, DeskFile, DeskPair, DeskPlan } from './desk-pairs.ts'

const UNDO_DEPTH = 20
const EMPTY_PLAN: DeskPlan = { pairs: [], files: [], leftOver: [] }

/** Everything that a person may undo. */
type Undoable = {
  readonly inputs: readonly string[]
  /** Files and folders that were said to be driving videos. */
  readonly drivers: readonly string[]
  readonly plan: DeskPlan
  readonly edits: DeskEdits
  /** Parameters of single jobs, on top of the common ones, by pair key. */
  readonly overrides: ReadonlyMap<string, Parameters>
}

/** A paid start that waits for a person's word. */
export type PriceQuestion = {
  readonly quote: SpendQuote
  readonly input: Input<'batch.start'>
  /** The pairs it is about. */
  readonly keys: readonly string[]
}

export type DeskState = Undoable & {
  /** Errors of the plan itself. */
  readonly findings: readonly Finding[]
  readonly isPlanning: boolean
  readonly isStarting: boolean
  readonly question: PriceQuestion | null
  /** Videos of which a person is asked what they are: what is moved, or what moves it. */
  readonly unsure: readonly string[]
  /** Derived from plan and edits. */
  readonly pairs: readonly DeskPair[]
  readonly leftOver: readonly LeftOver[]
  readonly selectedKey: string | null
  /** Common parameters: complete, by key. */
  readonly parameters: Parameters
  /** Whether the panel changes all jobs or the selected one. */
  readonly scope: 'all' | 'one'
  readonly undoStack: readonly Undoable[]
}
export type DeskStore = StoreApi<DeskState>

export function createDeskStore(): DeskStore {
  return createStore<DeskState>(() => ({
    inputs: [],
    drivers: [],
    plan: EMPTY_PLAN,
    edits: NO_EDITS,
    overrides: new Map(),
    findings: [],
    isPlanning: false,
    isStarting: false,
    question: null,
    unsure: [],
    pairs: [],
    leftOver: [],
    selectedKey: null,
    parameters: {},
    scope: 'all',
    undoStack: [],
  }))
}

function derive(state: DeskState, change: Partial<Undoable>): Partial<DeskState> {
  const plan = change.plan ?? state.plan
  const edits = change.edits ?? state.edits
  const pairs = pairsOf(plan, edits)
  const stillThere = pairs.some(({ key }) => key === state.selectedKey)
  return {
    ...change,
    pairs,
    leftOver: leftOverOf(plan, edits, pairs),
    selectedKey: stillThere ? state.selectedKey : (pairs[0]?.key ?? null),
  }
}

function undoPoint({ inputs, drivers, plan, edits, overrides, undoStack }: DeskState): readonly Undoable[] {
  return [...undoStack, { inputs, drivers, plan, edits, overrides }].slice(-UNDO_DEPTH)
}

/** Puts what the core planned on the desk; the person's changes stay on top. */
export function putPlan(
  store: DeskStore,
  { inputs, drivers }: Pick<DeskState, 'inputs' | 'drivers'>,
  plan: DeskPlan,
  findings: readonly Finding[],
): void {
  store.setState((state) => ({ ...derive(state, { inputs, drivers, plan }), findings, isPlanning: false }))
}

/** Puts ready pairs on the desk beside what lies there, for example the samples. */
export function putPairs(
  store: DeskStore,
  inputs: readonly string[],
  files: readonly DeskFile[],
  pairs: readonly Pair[],
): void {
  store.setState((state) => {
    const known = new Set(state.plan.files.map(({ path }) => path))
    const plan = { ...state.plan, files: [...state.plan.files, ...files.filter(({ path }) => !known.has(path))] }
    const edits = pairs.reduce((edits, pair) => addPair(plan, edits, pair), state.edits)
    return derive(state, { inputs: [...new Set([...state.inputs, ...inputs])], plan, edits })
  })
}

/** Returns false when the changed pair is already on the desk, which leaves all as it was. */
export function changePair(store: DeskStore, key: string, next: Pair): boolean {
  const state = store.getState()
  const edits = replacePair(state.plan, state.edits, key, next)
  if (edits === state.edits) return false
  const overrides = new Map(state.overrides)
  const moved = overrides.get(key)
  overrides.delete(key)
  if (moved !== undefined) {
    // A face belongs to its picture, not to the pair.
    const { face_index: _, input_face_index: __, ...kept } = moved
    const isSame = sourceOf(key) === next.source || edits.copies.get(next.source) === sourceOf(key)
    overrides.set(pairKey(next), isSame ? moved : kept)
  }
  store.setState({
    undoStack: undoPoint(state),
    ...derive(
      { ...state, selectedKey: state.selectedKey === key ? pairKey(next) : state.selectedKey },
      { edits, overrides },
    ),
  })
  return true
}

/** Lets a copy take the place of a file in one pair. */
export function takeCopy(store: DeskStore, key: string, role: 'source' | 'driver', copy: string): void {
  const { pairs, edits } = store.getState()
  const pair = pairs.find((known) => known.key === key)?.pair
  const file = pair?.[role]
  if (pair === undefined || file === undefined || file === copy) return
  const copies = new Map(edits.copies).set(copy, edits.copies.get(file) ?? file)
  store.setState({ edits: { ...edits, copies } })
  changePair(store, key, { ...pair, [role]: copy })
}

function sourceOf(key: string): unknown {
  const parts: unknown = JSON.parse(key)
  return Array.isArray(parts) ? parts[0] : undefined
}

/** Returns false when such a pair is already on the desk. */
export function addOwnPair(store: DeskStore, pair: Pair): boolean {
  const state = store.getState()
  const edits = addPair(state.plan, state.edits, pair)
  if (edits === state.edits) return false
  store.setState({ undoStack: undoPoint(state), ...derive({ ...state, selectedKey: pairKey(pair) }, { edits }) })
  return true
}

/** The neighbour of a removed selection is selected, so that Del can be pressed again. */
export function removePair(store: DeskStore, key: string): void {
  const state = store.getState()
  const index = state.pairs.findIndex((pair) => pair.key === key)
  const neighbour = state.pairs[index + 1] ?? state.pairs[index - 1]
  const edits = replacePair(state.plan, state.edits, key, null)
  const selectedKey = state.selectedKey === key ? (neighbour?.key ?? null) : state.selectedKey
  store.setState({ undoStack: undoPoint(state), ...derive({ ...state, selectedKey }, { edits }) })
}

export function dismissFile(store: DeskStore, path: string): void {
  const state = store.getState()
  const edits = { ...state.edits, dismissed: new Set(state.edits.dismissed).add(path) }
  store.setState({ undoStack: undoPoint(state), ...derive(state, { edits }) })
}

/** A file that is dropped again is wanted again. */
export function recallFiles(store: DeskStore, paths: readonly string[]): void {
  store.setState((state) => {
    if (state.edits.dismissed.size === 0) return state
    const dismissed = new Set([...state.edits.dismissed].filter((path) => !paths.some((root) => isBelow(path, root))))
    return derive(state, { edits: { ...state.edits, dismissed } })
  })
}

export function clearDesk(store: DeskStore): void {
  const state = store.getState()
  store.setState({
    undoStack: undoPoint(state),
    findings: [],
    scope: 'all',
    unsure: [],
    ...derive(state, { inputs: [], drivers: [], plan: EMPTY_PLAN, edits: NO_EDITS, overrides: new Map() }),
  })
}

/** Returns false when there is nothing to undo. */
export function undo(store: DeskStore): boolean {
  const state = store.getState()
  const last = state.undoStack.at(-1)
  if (last === undefined) return false
  store.setState({ undoStack: state.undoStack.slice(0, -1), ...derive(state, last) })
  return true
}

/**
 * Takes started pairs off. The desk is empty afterwards unless something on it still waits for a decision: a pair that
 * was not started, or a file that found no partner. A start cannot be undone here.
 */
export function takeStarted(store: DeskStore, keys: readonly string[]): void {
  const started = new Set(keys)
  const state = store.getState()
  const waits =
    state.pairs.some(({ key }) => !started.has(key)) ||
    state.leftOver.some(({ reason }) => reason === 'unpaired' || reason === 'ambiguous')
  if (!waits) {
    clearDesk(store)
  } else {
    const used = (isStarted: boolean) =>
      state.pairs
        .filter(({ key }) => started.has(key) === isStarted)
        .flatMap(({ pair }) => filesOf(pair).flatMap((path) => [path, state.edits.copies.get(path) ?? path]))
    const partners = used(true)
    const stillUsed = used(false)
    const gone = partners.filter((path) => !stillUsed.includes(path))
    const edits = keys.reduce((edits, key) => replacePair(state.plan, edits, key, null), state.edits)
    const dismissed = new Set([...edits.dismissed, ...gone])
    store.setState((state) => derive(state, { edits: { ...edits, dismissed } }))
  }
  store.setState({ undoStack: [], isStarting: false })
}

/** Sets one common value, or one of the selected pair's own, as the scope says. */
export function setParameter(store: DeskStore, key: string, value: ParameterValue): void {
  const { scope, selectedKey } = store.getState()
  if (scope === 'one' && selectedKey !== null) setOverride(store, selectedKey, key, value)
  else store.setState(({ parameters }) => ({ parameters: { ...parameters, [key]: value } }))
}

/** An override equal to the common value is no override: it follows later changes of the common one again. */
export function setOverride(store: DeskStore, pair: string, key: string, value: ParameterValue): void {
  store.setState((state) => {
    const { [key]: _, ...others } = state.overrides.get(pair) ?? {}
    const own = state.parameters[key] === value ? others : { ...others, [key]: value }
    const overrides = new Map(state.overrides)
    if (Object.keys(own).length === 0) overrides.delete(pair)
    else overrides.set(pair, own)
    return { overrides }
  })
}

/** Back to the defaults of the schema, or back to the common values for a single job. */
export function resetParameters(store: DeskStore, specs: readonly ParameterSpec[]): void {
  store.setState((state) => {
    if (state.scope === 'all' || state.selectedKey === null) return { parameters: defaultParameters(specs) }
    const overrides = new Map(state.overrides)
    overrides.delete(state.selectedKey)
    return { overrides }
  })
}

/** Takes a preset's values for the present scope; keys that the engine does not know are passed over. */
export function applyParameters(store: DeskStore, specs: readonly ParameterSpec[], values: Parameters): void {
  for (const { key } of specs) {
    const value = values[key]
    if (value !== undefined) setParameter(store, key, value)
  }
}

/** The values with which a pair will run. */
export function parametersOf(state: DeskState, key: string | null): Parameters {
  return { ...state.parameters, ...(key === null ? {} : state.overrides.get(key)) }
}
