import { describe, expect, it } from 'vitest'
import type { CheckResult, Finding } from '../../../shared/model/media.ts'
import {
  checkOf,
  createMediaStore,
  forgetChecks,
  isFixable,
  isFixed,
  isUsable,
  markPending,
  putChecks,
  setApproved,
  unknownPaths,
} from './media-store.ts'

const check = (path: string, findings: Finding[] = []): CheckResult => ({
  mediaId: path,
  path,
  kind: 'image',
  verdict: 'ok',
  facts: {},
  findings,
})
const error = (repair?: Finding['repair']): Finding => ({
  code: 'E-INPUT-TYPE',
  level: 'error',
  params: {},
  ...(repair === undefined ? {} : { repair }),
})

describe('verdicts', () => {
  it('are asked for once each, and again when no answer came', () => {
    const store = createMediaStore()
    expect(unknownPaths(store.getState(), 'offline', ['/a', '/b', '/a'])).toEqual(['/a', '/b'])
    markPending(store, 'offline', ['/a', '/b'])
    expect(unknownPaths(store.getState(), 'offline', ['/a', '/b', '/c'])).toEqual(['/c'])
    putChecks(store, 'offline', ['/a', '/b'], [check('/a')])
    expect(unknownPaths(store.getState(), 'offline', ['/a', '/b'])).toEqual(['/b'])
  })

  it('of one engine say nothing about another', () => {
    const store = createMediaStore()
    putChecks(store, 'offline', [], [check('/a')])
    expect(checkOf(store.getState(), 'offline', '/a')?.path).toBe('/a')
    expect(checkOf(store.getState(), 'dashscope', '/a')).toBeUndefined()
  })

  it('are forgotten below a folder that is dropped again', () => {
    const store = createMediaStore()
    putChecks(store, 'offline', [], [check('/in/a'), check('/in2/a'), check('C:\\in\\a')])
    forgetChecks(store, ['/in', 'C:\\in'])
    expect([...store.getState().checks.values()].map(({ path }) => path)).toEqual(['/in2/a'])
  })

  it.each([
    ['nothing is known', undefined, true],
    ['nothing is wrong', check('/a'), true],
    ['an error has no repair', check('/a', [error()]), false],
    ['an error has a repair that loses something', check('/a', [error('shrink')]), false],
    ['an error is repaired without asking', check('/a', [error('orientation')]), true],
  ])('decide whether a file can be used when %s', (_, result, expected) => {
    expect(isUsable(result)).toBe(expected)
  })

  it.each([
    ['nothing is known', undefined, false],
    ['nothing is wrong', check('/a'), false],
    ['an error has no repair', { ...check('/a', [error('shrink'), error()]), verdict: 'rejected' as const }, false],
    [
      'an error has a repair that loses something',
      { ...check('/a', [error('shrink')]), verdict: 'repairable' as const },
      true,
    ],
    [
      'a repair is made without asking',
      { ...check('/a', [error('orientation')]), verdict: 'repairable' as const },
      false,
    ],
  ])('offer to fix a file when %s', (_, result, expected) => {
    expect(isFixable(result)).toBe(expected)
    const store = createMediaStore()
    expect(isFixed(store.getState().approved, result)).toBe(false)
    setApproved(store, ['/a', '/b'], true)
    expect(isFixed(store.getState().approved, result)).toBe(expected)
    setApproved(store, ['/a'], false)
    expect([...store.getState().approved]).toEqual(['/b'])
  })
})
