import { toErrorData } from '../../../../shared/errors.ts'
import type { Input } from '../../../../shared/api/index.ts'
import type { Pair, PairBy } from '../../../../shared/model/batch.ts'
import type { EngineId } from '../../../../shared/model/engine.ts'
import { ENGINE_PARAMETERS, defaultParameters } from '../../../../shared/model/parameters.ts'
import type { Settings } from '../../../../shared/model/settings.ts'
import type { DroppedFile } from '../../client/dropped-files.ts'
import type { Studio } from '../../lib/studio.tsx'
import { clearDesk, parametersOf, putPairs, putPlan, recallFiles, takeStarted, undo } from '../../stores/desk-store.ts'
import type { DeskPair } from '../../stores/desk-pairs.ts'
import { invalidateJobs } from '../../stores/jobs-store.ts'
import { checkOf, forgetChecks, isUsable, markPending, putChecks, unknownPaths } from '../../stores/media-store.ts'
import type { MediaState } from '../../stores/media-store.ts'
import { outputFolderOf } from '../../stores/session-store.ts'

/** Results come back while later files are still being looked at. */
const CHECKS_AT_ONCE = 24

export type DeskActions = {
  readonly addFiles: (files: readonly DroppedFile[]) => Promise<void>
  readonly addPaths: (paths: readonly string[]) => Promise<void>
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
  readonly start: (again: boolean) => Promise<void>
  readonly clear: () => void
}

export function createDeskActions({ client, stores, notify }: Studio): DeskActions {
  const { desk, media, session, view, jobs } = stores
  let planNumber = 0
  let isChecking = false
  /** A folder that was typed a moment ago is still being checked when Start is pressed. */
  let folderChange: Promise<void> = Promise.resolve()

  const change = async (values: Partial<Settings>): Promise<void> => {
    session.setState({ settings: await client.call('settings.update', { change: values }) })
  }

  const plan = async (inputs: readonly string[]): Promise<void> => {
    planNumber += 1
    const number = planNumber
    desk.setState({ isPlanning: true })
    const { settings } = session.getState()
    try {
      const answer = await client.call('batch.plan', {
        inputs: [...inputs],
        pairBy: settings.pairBy,
        recursive: settings.recursive,
        outputFolder: outputFolderOf(session.getState()),
      })
      // Only the latest question counts: inputs may have been added meanwhile.
      if (number === planNumber) putPlan(desk, inputs, answer, answer.findings)
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
        const files = desk.getState().plan.files.map(({ path }) => path)
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

  const addPaths = async (paths: readonly string[]): Promise<void> => {
    if (paths.length === 0) return
    view.setState({ view: 'desk' })
    recallFiles(desk, paths)
    forgetChecks(media, paths)
    await plan([...new Set([...desk.getState().inputs, ...paths])])
  }

  const replan = async (): Promise<void> => {
    if (desk.getState().inputs.length > 0) await plan(desk.getState().inputs)
  }

  return {
    addPaths,
    addFiles: async (files) => {
      if (files.length === 0) return
      try {
        const paths = await client.adoptFiles(files, (upload) => view.setState({ upload }))
        if (paths.length === 0) notify({ kind: 'warning', key: 'noFiles' })
        await addPaths(paths)
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
      if (ready.length === 0 || state.isStarting) return
      desk.setState({ isStarting: true })
      try {
        const { jobs: made } = await client.call('batch.start', {
          engine: settings.engine,
          pairs: ready.map(({ key, pair }) => withOverride(pair, state.overrides.get(key))),
          parameters: parametersOf(state, null),
          outputFolder: outputFolderOf(session.getState()),
          again,
        })
        takeStarted(
          desk,
          ready.map(({ key }) => key),
        )
        invalidateJobs(jobs)
        view.setState({ view: 'queue', selectedJobId: made[0]?.jobId ?? null })
        await change({ parameters: { ...settings.parameters, [settings.engine]: parametersOf(state, null) } })
      } finally {
        desk.setState({ isStarting: false })
      }
    },
    clear: () => {
      if (desk.getState().inputs.length === 0 && desk.getState().pairs.length === 0) return
      clearDesk(desk)
      notify({ kind: 'info', key: 'cleared', action: { key: 'undo', run: () => undo(desk) } })
    },
  }
}

/** Pairs of which nothing is known that would make them fail. */
export function startable(media: MediaState, engine: EngineId, pairs: readonly DeskPair[]): DeskPair[] {
  return pairs.filter(({ pair }) =>
    [pair.source, pair.voice, pair.driver].every(
      (path) => path === undefined || isUsable(checkOf(media, engine, path)),
    ),
  )
}

function withOverride(pair: Pair, override: Pair['parameters']): Input<'batch.start'>['pairs'][number] {
  return override === undefined ? pair : { ...pair, parameters: { ...pair.parameters, ...override } }
}
