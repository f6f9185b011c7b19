import { beforeEach, describe, expect, it } from 'vitest'
import { ENGINE_PARAMETERS } from '../../../shared/model/parameters.ts'
import { pairKey } from './desk-pairs.ts'
import type { DeskPlan } from './desk-pairs.ts'
import {
  addOwnPair,
  applyParameters,
  changePair,
  clearDesk,
  createDeskStore,
  dismissFile,
  parametersOf,
  putPairs,
  putPlan,
  recallFiles,
  removePair,
  resetParameters,
  setOverride,
  setParameter,
  takeCopy,
  takeStarted,
  undo,
} from './desk-store.ts'
import type { DeskStore } from './desk-store.ts'

const image = (name: string) => ({ path: `/in/${name}.jpg`, kind: 'image' as const, folder: '' })
const audio = (name: string) => ({ path: `/in/${name}.wav`, kind: 'audio' as const, folder: '' })
const pair = (portrait: string, voice: string) => ({
  source: `/in/${portrait}.jpg`,
  voice: `/in/${voice}.wav`,
  folder: '',
})
const key = (portrait: string, voice: string) => pairKey(pair(portrait, voice))

const plan: DeskPlan = {
  pairs: [pair('a', 'a'), pair('b', 'b')],
  files: [image('a'), audio('a'), image('b'), audio('b'), image('lonely'), audio('spare')],
  leftOver: [
    { path: '/in/lonely.jpg', reason: 'unpaired' },
    { path: '/in/spare.wav', reason: 'ambiguous' },
    { path: '/in/notes.txt', reason: 'unsupported' },
  ],
}
const specs = ENGINE_PARAMETERS.offline

let store: DeskStore
const shown = () => store.getState().pairs.map(({ pair }) => `${pair.source} ${pair.voice ?? ''}`)
const left = () => store.getState().leftOver.map(({ path, reason }) => `${path} ${reason}`)

beforeEach(() => {
  store = createDeskStore()
  store.setState({ parameters: { template_id: 'normal', head_move_strength: 0.7 } })
  putPlan(store, { inputs: ['/in'], drivers: [] }, plan, [])
})

describe('a plan on the desk', () => {
  it('shows its pairs in order, and every file that is in none with its reason', () => {
    expect(shown()).toEqual(['/in/a.jpg /in/a.wav', '/in/b.jpg /in/b.wav'])
    expect(left()).toEqual(['/in/lonely.jpg unpaired', '/in/spare.wav ambiguous', '/in/notes.txt unsupported'])
    expect(store.getState().selectedKey).toBe(key('a', 'a'))
  })

  it('changes a pair in its place, and gives back what it no longer uses', () => {
    expect(changePair(store, key('a', 'a'), pair('a', 'spare'))).toBe(true)
    expect(shown()).toEqual(['/in/a.jpg /in/spare.wav', '/in/b.jpg /in/b.wav'])
    expect(left()).toContain('/in/a.wav unpaired')
    expect(store.getState().selectedKey).toBe(key('a', 'spare'))
  })

  it('refuses a change that would make the same pair twice', () => {
    changePair(store, key('a', 'a'), pair('a', 'b'))
    expect(changePair(store, key('b', 'b'), pair('a', 'b'))).toBe(false)
    expect(shown()).toEqual(['/in/a.jpg /in/b.wav', '/in/b.jpg /in/b.wav'])
  })

  it('keeps a change through a new plan of more files', () => {
    changePair(store, key('a', 'a'), pair('a', 'spare'))
    removePair(store, key('b', 'b'))
    putPlan(
      store,
      { inputs: ['/in', '/more'], drivers: [] },
      { ...plan, pairs: [...plan.pairs, pair('lonely', 'b')] },
      [],
    )
    expect(shown()).toEqual(['/in/a.jpg /in/spare.wav', '/in/lonely.jpg /in/b.wav'])
  })

  it('changes a changed pair again, from the same place', () => {
    changePair(store, key('a', 'a'), pair('a', 'spare'))
    changePair(store, key('a', 'spare'), pair('a', 'b'))
    removePair(store, key('a', 'b'))
    expect(shown()).toEqual(['/in/b.jpg /in/b.wav'])
  })

  it('adds a pair of the person\u2019s own, and brings a removed one back to its own place', () => {
    expect(addOwnPair(store, pair('lonely', 'spare'))).toBe(true)
    removePair(store, key('a', 'a'))
    expect(addOwnPair(store, pair('a', 'a'))).toBe(true)
    expect(shown()).toEqual(['/in/a.jpg /in/a.wav', '/in/b.jpg /in/b.wav', '/in/lonely.jpg /in/spare.wav'])
    expect(addOwnPair(store, pair('a', 'a'))).toBe(false)
  })

  it('takes ready pairs beside a plan, once', () => {
    putPairs(store, ['/s'], [image('s'), audio('s')], [pair('s', 's'), pair('s', 's'), pair('a', 'a')])
    expect(shown()).toEqual(['/in/a.jpg /in/a.wav', '/in/b.jpg /in/b.wav', '/in/s.jpg /in/s.wav'])
    expect(store.getState().inputs).toEqual(['/in', '/s'])
  })
})

describe('undo', () => {
  it('takes back a removal, a change, a dismissed file and a clearing, the last one first', () => {
    const before = shown()
    removePair(store, key('a', 'a'))
    changePair(store, key('b', 'b'), pair('b', 'spare'))
    dismissFile(store, '/in/lonely.jpg')
    clearDesk(store)
    expect(store.getState()).toMatchObject({ pairs: [], leftOver: [], inputs: [] })
    for (let i = 0; i < 4; i++) expect(undo(store)).toBe(true)
    expect(shown()).toEqual(before)
    expect(left()).toHaveLength(3)
    expect(undo(store)).toBe(false)
  })

  it('selects the neighbour of a removed pair, so that Del can be pressed again', () => {
    removePair(store, key('a', 'a'))
    expect(store.getState().selectedKey).toBe(key('b', 'b'))
    removePair(store, key('b', 'b'))
    expect(store.getState().selectedKey).toBe(null)
  })
})

describe('files taken off the desk', () => {
  it('stay off through a new plan, and come back when they are dropped again', () => {
    dismissFile(store, '/in/a.jpg')
    putPlan(store, { inputs: ['/in'], drivers: [] }, plan, [])
    expect(shown()).toEqual(['/in/b.jpg /in/b.wav'])
    recallFiles(store, ['/in/a'])
    expect(shown()).toEqual(['/in/b.jpg /in/b.wav'])
    recallFiles(store, ['/in'])
    expect(shown()).toEqual(['/in/a.jpg /in/a.wav', '/in/b.jpg /in/b.wav'])
  })
})

describe('after a start', () => {
  it('nothing stays when nothing waits for a decision', () => {
    dismissFile(store, '/in/lonely.jpg')
    dismissFile(store, '/in/spare.wav')
    takeStarted(store, [key('a', 'a'), key('b', 'b')])
    expect(store.getState()).toMatchObject({ pairs: [], leftOver: [], inputs: [], undoStack: [] })
  })

  it('a pair that was not started stays, and a file without a partner too', () => {
    takeStarted(store, [key('a', 'a')])
    expect(shown()).toEqual(['/in/b.jpg /in/b.wav'])
    expect(left()).toEqual(['/in/lonely.jpg unpaired', '/in/spare.wav ambiguous', '/in/notes.txt unsupported'])
    expect(undo(store)).toBe(false)
  })
})

describe('parameters', () => {
  it('go to all jobs or to the selected one, as the scope says', () => {
    setParameter(store, 'head_move_strength', 0.2)
    store.setState({ scope: 'one' })
    setParameter(store, 'head_move_strength', 0.9)
    expect(parametersOf(store.getState(), key('a', 'a'))['head_move_strength']).toBe(0.9)
    expect(parametersOf(store.getState(), key('b', 'b'))['head_move_strength']).toBe(0.2)
  })

  it('an own value equal to the common one follows the common one again', () => {
    setOverride(store, key('a', 'a'), 'head_move_strength', 0.9)
    setOverride(store, key('a', 'a'), 'head_move_strength', 0.7)
    setParameter(store, 'head_move_strength', 0.1)
    expect(parametersOf(store.getState(), key('a', 'a'))['head_move_strength']).toBe(0.1)
  })

  it('own values move with a changed voice; a chosen face stays with its picture', () => {
    setOverride(store, key('a', 'a'), 'face_index', 2)
    setOverride(store, key('a', 'a'), 'head_move_strength', 0)
    changePair(store, key('a', 'a'), pair('a', 'spare'))
    expect(store.getState().overrides.get(key('a', 'spare'))).toEqual({ face_index: 2, head_move_strength: 0 })
    changePair(store, key('a', 'spare'), pair('lonely', 'spare'))
    expect(store.getState().overrides.get(key('lonely', 'spare'))).toEqual({ head_move_strength: 0 })
  })

  it('a reset brings back the schema\u2019s defaults for all, and the common values for one', () => {
    setOverride(store, key('a', 'a'), 'seed', 5)
    store.setState({ scope: 'one' })
    resetParameters(store, specs)
    expect(store.getState().overrides.size).toBe(0)
    store.setState({ scope: 'all' })
    setParameter(store, 'video_fps', 30)
    resetParameters(store, specs)
    expect(store.getState().parameters).toEqual(Object.fromEntries(specs.map((spec) => [spec.key, spec.default])))
  })

  it('a preset sets the keys that the engine knows, and no others', () => {
    applyParameters(store, specs, { mouth_move_strength: 0, paste_back: false, of_another_engine: 1 })
    expect(store.getState().parameters).toMatchObject({ mouth_move_strength: 0, paste_back: false })
    expect(store.getState().parameters).not.toHaveProperty('of_another_engine')
  })
})

describe('a pair that a video drives', () => {
  const clip = (name: string) => ({ path: `/in/${name}.mp4`, kind: 'video' as const, folder: '' })
  const driven = { source: '/in/anna.mp4', driver: '/in/nod.mp4', folder: '' }
  const clips: DeskPlan = { pairs: [driven], files: [clip('anna'), clip('nod')], leftOver: [] }
  const only = () => store.getState().pairs[0]

  beforeEach(() => {
    putPlan(store, { inputs: ['/in/anna.mp4'], drivers: ['/in/nod.mp4'] }, clips, [])
  })

  it('takes a copy in the place of a clip, keeps its own values, and lets nothing lie beside it', () => {
    setOverride(store, pairKey(driven), 'input_face_index', 1)
    takeCopy(store, pairKey(driven), 'source', '/copies/anna.mp4')
    expect(only()?.pair).toMatchObject({ source: '/copies/anna.mp4', driver: '/in/nod.mp4' })
    expect(parametersOf(store.getState(), only()?.key ?? null)).toMatchObject({ input_face_index: 1 })
    expect(left()).toEqual([])
    // A copy of a copy still stands for the file.
    takeCopy(store, only()?.key ?? '', 'source', '/copies/again.mp4')
    expect(left()).toEqual([])
  })

  it('gets its own clip back by undo, and leaves the desk whole when it is started', () => {
    takeCopy(store, pairKey(driven), 'driver', '/copies/nod.mp4')
    undo(store)
    expect(only()?.pair).toEqual(driven)
    takeCopy(store, pairKey(driven), 'driver', '/copies/nod.mp4')
    takeStarted(store, [only()?.key ?? ''])
    expect(store.getState()).toMatchObject({ inputs: [], drivers: [], pairs: [] })
  })

  it('remembers through an undo what was said to be a driver', () => {
    clearDesk(store)
    expect(store.getState().drivers).toEqual([])
    undo(store)
    expect(store.getState().drivers).toEqual(['/in/nod.mp4'])
  })
})
