import { toErrorData } from '../../../../shared/errors.ts'
import type { Input } from '../../../../shared/api/index.ts'
import type { LeftOver, Pair, PairBy } from '../../../../shared/model/batch.ts'
import type { EngineId } from '../../../../shared/model/engine.ts'
import { ENGINE_PARAMETERS, defaultParameters } from '../../../../shared/model/parameters.ts'
import type { VideoFix } from '../../../../shared/model/media.ts'
import type { Settings } from '../../../../shared/model/settings.ts'
import type { DroppedFile } from '../../client/dropped-files.ts'
import type { Studio } from '../../lib/studio.tsx'
import type { DeskState } from '../../stores/desk-store.ts'
import { clearDesk, putPairs, putPlan, recallFiles, takeStarted, undo, takeCopy } from '../../stores/desk-store.ts'
import { filesOf, isBelow } from '../../stores/desk-pairs.ts'
import type { DeskPair } from '../../stores/desk-pairs.ts'
import { invalidateJobs } from '../../stores/jobs-store.ts'
import {
  checkOf,
  forgetChecks,
  isFixed,
  isUsable,
  markPending,
  putChecks,
  unknownPaths,
} from '../../stores/media-store.ts'
import type { MediaState } from '../../stores/media-store.ts'
import { isPaid, lacksKey, outputFolderOf, takesDriver } from '../../stores/session-store.ts'
import type { SessionState } from '../../stores/session-store.ts'

/** Results come back while later files are still being looked at. */
const CHECKS_AT_ONCE = 24

export type VideoRole = 'source' | 'driver'

export type DeskActions = {
  /** `role`: what the person said that videos among them are; where it matters and was not said, it is asked. */
  readonly addFiles: (files: readonly DroppedFile[], role?: VideoRole) => Promise<void>
  readonly addPaths: (paths: readonly string[], role?: VideoRole) => Promise<void>
  /** Says what videos on the desk are. */
  readonly setRole: (paths: readonly string[], role: VideoRole) => Promise<void>
  /** Makes a copy of one clip of a pair and lets it take that clip's place. */
  readonly fit: (item: DeskPair, role: VideoRole, fix: VideoFix) => Promise<void>
  /** A folder through the system's own dialog, where there is one. */
  readonly addPickedFolder: () => Promise<void>
  readonly addSamples: () => Promise<void>
  readonly setPairBy: (pairBy: PairBy) => Promise<void>
  readonly setRecursive: (recursive: boolean) => Promise<void>
  readonly setEngine: (engine: EngineId) => Promise<void>
  /** Checks the folder and keeps it. Start waits for this, and does not start into a folder that was refused. */
  readonly setOutputFolder: (folder: string) => Promise<void>
  /** Drops a refused folder: results go to the present one. */
  readonly keepOutputFolder: () => void
  readonly pickOutputFolder: () => Promise<void>
  /** A paid engine's jobs wait for `confirm`, with their price on the desk. */
  readonly start: (again: boolean) => Promise<void>
  /** Agrees to the price on the desk. `maxCost`: what does not fit below it stays unsent. `isPublicAgreed`: inputs may go where anyone can fetch them. */
  readonly confirm: (maxCost: number | null, isPublicAgreed: boolean) => Promise<void>
  /** Nothing is sent. */
  readonly decline: () => void
  readonly clear: () => void
}

export function createDeskActions({ client, stores, notify }: Studio): DeskActions {
  const { desk, media, session, view, jobs } = stores
  let planNumber = 0
  let isChecking = false
  /** Videos of which a person said what they are: nobody is asked twice. */
  const said = new Set<string>()
  /** A folder that was typed a moment ago is still being checked when Start is pressed. */
  let folderChange: Promise<void> = Promise.resolve()

  const change = async (values: Partial<Settings>): Promise<void> => {
    session.setState({ settings: await client.call('settings.update', { change: values }) })
  }

  const plan = async (inputs: readonly string[], drivers = desk.getState().drivers): Promise<void> => {
    planNumber += 1
    const number = planNumber
    desk.setState({ isPlanning: true })
    const { settings } = session.getState()
    try {
      const answer = await client.call('batch.plan', {
        // An engine that no video drives is told of them as well: it says why they take no part.
        ...(takesDriver(settings.engine)
          ? { inputs: [...inputs], drivers: [...drivers] }
          : { inputs: [...inputs, ...drivers] }),
        pairBy: settings.pairBy,
        recursive: settings.recursive,
        outputFolder: outputFolderOf(session.getState()),
      })
      // Only the latest question counts: inputs may have been added meanwhile.
      if (number === planNumber) putPlan(desk, { inputs, drivers }, answer, answer.findings)
    } finally {
      if (number === planNumber) desk.setState({ isPlanning: false })
    }
    void checkFiles()
  }

  /** Looks at every file on the desk, a few at a time, in the order in which they lie there. */
  const checkFiles = async (): Promise<void> => {
    if (isChecking) return
    isChecking = true
    try {
      for (;;) {
        const { engine } = session.getState().settings
        const { plan, pairs } = desk.getState()
        const files = [...plan.files.map(({ path }) => path), ...pairs.flatMap(({ pair }) => filesOf(pair))]
        const paths = unknownPaths(media.getState(), engine, files).slice(0, CHECKS_AT_ONCE)
        if (paths.length === 0) return
        markPending(media, engine, paths)
        const { results } = await client.call('media.check', { engine, paths })
        putChecks(media, engine, paths, results)
      }
    } catch (thrown) {
      notify({ kind: 'error', error: toErrorData(thrown) })
    } finally {
      isChecking = false
    }
  }

  const addPaths = async (paths: readonly string[], role?: VideoRole): Promise<void> => {
    if (paths.length === 0) return
    view.setState({ view: 'desk' })
    recallFiles(desk, paths)
    forgetChecks(media, paths)
    if (role !== undefined) for (const path of paths) said.add(path)
    const { inputs, drivers } = desk.getState()
    if (role === 'driver') return plan(without(inputs, paths), [...new Set([...drivers, ...paths])])
    await plan([...new Set([...inputs, ...paths])], role === 'source' ? without(drivers, paths) : drivers)
    if (role === undefined) askRoles(paths)
  }

  /** A video of which neither its place nor its name says what it is. */
  const askRoles = (paths: readonly string[]): void => {
    const { leftOver, plan: planned } = desk.getState()
    if (!takesDriver(session.getState().settings.engine)) return
    const videos = new Set(planned.files.filter(({ kind }) => kind === 'video').map(({ path }) => path))
    const isOpen = ({ path, reason }: LeftOver) =>
      reason === 'unpaired' && videos.has(path) && !said.has(path) && paths.some((root) => isBelow(path, root))
    desk.setState({ unsure: leftOver.filter(isOpen).map(({ path }) => path) })
  }

  const setRole = async (paths: readonly string[], role: VideoRole): Promise<void> => {
    const { inputs, drivers, unsure } = desk.getState()
    for (const path of paths) said.add(path)
    desk.setState({ unsure: without(unsure, paths) })
    if (role === 'driver') await plan(without(inputs, paths), [...new Set([...drivers, ...paths])])
    else await plan([...new Set([...inputs, ...paths])], without(drivers, paths))
  }

  const replan = async (): Promise<void> => {
    const { inputs, drivers } = desk.getState()
    if (inputs.length + drivers.length > 0) await plan(inputs)
  }

  const begin = async (input: Input<'batch.start'>, keys: readonly string[]): Promise<void> => {
    const { jobs: made } = await client.call('batch.start', input)
    takeStarted(desk, keys)
    invalidateJobs(jobs)
    view.setState({ view: 'queue', selectedJobId: made[0]?.jobId ?? null })
    const { parameters } = session.getState().settings
    await change({ parameters: { ...parameters, [input.engine]: input.parameters ?? {} } })
  }

  return {
    addPaths,
    setRole,
    fit: async ({ key, pair }, role, fix) => {
      const path = pair[role]
      if (path === undefined) return
      const { path: copy } = await client.call('media.fitVideo', { path, fix })
      takeCopy(desk, key, role, copy)
      await checkFiles()
    },
    addFiles: async (files, role) => {
      if (files.length === 0) return
      try {
        const paths = await client.adoptFiles(files, (upload) => view.setState({ upload }))
        if (paths.length === 0) notify({ kind: 'warning', key: 'noFiles' })
        await addPaths(paths, role)
      } finally {
        view.setState({ upload: null })
      }
    },
    addPickedFolder: async () => {
      const { path } = await client.call('system.pickFolder', {})
      if (path !== null) await addPaths([path])
    },
    addSamples: async () => {
      const samples = await client.call('batch.samples', {})
      const { engine } = session.getState().settings
      putChecks(media, engine, [], samples.checks)
      const files = samples.checks.flatMap(({ path, kind }) => (kind === 'other' ? [] : [{ path, kind, folder: '' }]))
      putPairs(desk, samples.inputs, files, samples.pairs)
      view.setState({ view: 'desk' })
    },
    setPairBy: async (pairBy) => {
      await change({ pairBy })
      await replan()
    },
    setRecursive: async (recursive) => {
      await change({ recursive })
      await replan()
    },
    setEngine: async (engine) => {
      await change({ engine })
      const specs = ENGINE_PARAMETERS[engine]
      desk.setState({ parameters: { ...defaultParameters(specs), ...session.getState().settings.parameters[engine] } })
      if (desk.getState().plan.files.some(({ kind }) => kind === 'video')) {
        const { inputs, drivers } = desk.getState()
        await plan(inputs)
        if (takesDriver(engine) && drivers.length === 0) askRoles(inputs)
      }
      await checkFiles()
    },
    setOutputFolder: (outputFolder) => {
      folderChange = client
        .call('batch.checkOutput', { outputFolder, inputs: [...desk.getState().inputs] })
        .then(() => change({ outputFolder }))
      return folderChange
    },
    keepOutputFolder: () => {
      folderChange = Promise.resolve()
    },
    pickOutputFolder: async () => {
      const { path } = await client.call('system.pickFolder', {})
      if (path === null) return
      await client.call('batch.checkOutput', { outputFolder: path, inputs: [...desk.getState().inputs] })
      await change({ outputFolder: path })
      folderChange = Promise.resolve()
    },
    start: async (again) => {
      const isFolderRight = await folderChange.then(
        () => true,
        // Said where the folder is typed; nothing goes to the earlier one instead.
        () => false,
      )
      if (!isFolderRight) return
      const state = desk.getState()
      const { settings } = session.getState()
      const ready = startable(media.getState(), settings.engine, state.pairs)
      if (ready.length === 0 || state.isStarting || lacksKey(session.getState(), settings.engine)) return
      desk.setState({ isStarting: true })
      try {
        const input = startInput(state, session.getState(), ready, again)
        const keys = ready.map(({ key }) => key)
        if (isPaid(session.getState(), settings.engine)) {
          const quote = await client.call('spend.quote', input)
          if (quote.jobs > 0) {
            desk.setState({ question: { quote, input, keys } })
            return
          }
        }
        await begin(input, keys)
      } finally {
        desk.setState({ isStarting: false })
      }
    },
    confirm: async (maxCost, isPublicAgreed) => {
      const { question, isStarting } = desk.getState()
      if (question === null || question.quote.price === null || isStarting) return
      const { high, currency } = question.quote.price
      const spend = {
        confirmed: high,
        currency,
        ...(maxCost === null ? {} : { maxCost }),
        ...(isPublicAgreed ? { acceptPublicUpload: true } : {}),
      }
      desk.setState({ isStarting: true })
      try {
        await begin({ ...question.input, spend }, question.keys)
      } finally {
        // Whatever became of it: this price was agreed to once.
        desk.setState({ isStarting: false, question: null })
      }
    },
    decline: () => desk.setState({ question: null }),
    clear: () => {
      const { inputs, drivers, pairs } = desk.getState()
      if (inputs.length + drivers.length + pairs.length === 0) return
      clearDesk(desk)
      notify({ kind: 'info', key: 'cleared', action: { key: 'undo', run: () => undo(desk) } })
    },
  }
}

const without = (all: readonly string[], some: readonly string[]): string[] =>
  all.filter((path) => !some.includes(path))

/** Pairs of which nothing is known that would make them fail; `repair` where a person lets what is wrong be repaired. */
export function startable(media: MediaState, engine: EngineId, pairs: readonly DeskPair[]): DeskPair[] {
  return pairs.flatMap(({ key, pair }) => {
    const checks = filesOf(pair).map((path) => checkOf(media, engine, path))
    if (!checks.every((check) => isUsable(check) || isFixed(media.approved, check))) return []
    return [
      checks.some((check) => isFixed(media.approved, check)) ? { key, pair: { ...pair, repair: true } } : { key, pair },
    ]
  })
}

/** The jobs that these pairs would become: what is priced is what is started. */
export function startInput(
  { overrides, parameters }: Pick<DeskState, 'overrides' | 'parameters'>,
  session: Pick<SessionState, 'info' | 'settings'>,
  ready: readonly DeskPair[],
  again: boolean,
): Input<'batch.start'> {
  const { engine } = session.settings
  return {
    engine,
    pairs: ready.map(({ key, pair }) => withOverride(pair, knownOf(engine, overrides.get(key)))),
    parameters: knownOf(engine, parameters) ?? {},
    outputFolder: outputFolderOf(session),
    again,
  }
}

/** Values that were set for another engine stay with it. */
function knownOf(engine: EngineId, values: Pair['parameters']): Pair['parameters'] {
  if (values === undefined) return undefined
  const known = new Set(ENGINE_PARAMETERS[engine].map(({ key }) => key))
  return Object.fromEntries(Object.entries(values).filter(([key]) => known.has(key)))
}

function withOverride(pair: Pair, override: Pair['parameters']): Input<'batch.start'>['pairs'][number] {
  return override === undefined ? pair : { ...pair, parameters: { ...pair.parameters, ...override } }
}
