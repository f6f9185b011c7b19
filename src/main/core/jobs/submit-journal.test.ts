import pino from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { tempFolder } from '../../../../tests/fixtures/temp-folder.ts'
import { openDatabase } from '../db/database.ts'
import { createSubmitJournal } from './submit-journal.ts'

function journalOf() {
  const database = openDatabase({ dataDir: tempFolder(), now: Date.now, logger: pino({ enabled: false }) })
  onTestFinished(database.close)
  const journal = createSubmitJournal(database)
  const begin = (attemptId: string, jobId = 'job') =>
    journal.begin({
      attemptId,
      jobId,
      vendor: 'dashscope',
      keyFingerprint: 'ab',
      endpoint: 'https://vendor',
      bodySha256: 'cd',
      intentAt: 1000,
      intentMonotonicMs: 1,
      vendorOffsetMs: null,
    })
  return { database, journal, begin }
}

describe('the journal of paid requests', () => {
  it('never gives up an attempt, nor an id that a vendor gave', () => {
    const { database, journal, begin } = journalOf()
    begin('a')
    journal.accept('a', { id: 'operation-1' }, 2000, false, 3600_000)
    expect(() => database.run('DELETE FROM submit_attempts')).toThrow('never deleted')
    expect(() => database.run('UPDATE submit_attempts SET vendor_id = NULL')).toThrow('never taken back')
    expect(() => journal.accept('a', { id: 'operation-2' }, 3000, false, 3600_000)).toThrow('never taken back')
    expect(journal.ofJob('job').map(({ vendorId }) => vendorId)).toEqual(['operation-1'])
  })

  it.each([
    ['no answer yet', () => undefined, true],
    ['taken', 'accept', true],
    ['refused with a whole answer', 'reject', false],
    ['an answer that proves nothing', 'doubt', true],
    ['failed by the vendor', 'failed', false],
    ['cancelled at the vendor', 'cancelled', false],
    ['made', 'succeeded', true],
    ['vanished', 'vanish', true],
    ['given up by the user', 'dropped', true],
    ['to be paid again by the user’s word', 'again', false],
  ])('%s: forbids another request: %s', (_name, what, forbids) => {
    const { journal, begin } = journalOf()
    begin('a')
    if (what === 'accept') journal.accept('a', { id: 'operation-1' }, 1, false, 3600_000)
    if (what === 'reject') journal.reject('a', 400, 1)
    if (what === 'doubt' || what === 'dropped' || what === 'again') {
      journal.doubt('a', { httpStatus: 502, answer: 'x'.repeat(10_000) }, 1)
    }
    if (what === 'dropped' || what === 'again') journal.decide('a', what)
    if (what === 'failed' || what === 'cancelled' || what === 'succeeded' || what === 'vanish') {
      journal.accept('a', { id: 'operation-1' }, 1, false, 3600_000)
      if (what === 'vanish') journal.vanish('a', 2)
      else journal.settle('a', what, what === 'succeeded' ? 'charged' : 'none')
    }
    expect(journal.standing('job') !== null).toBe(forbids)
  })

  it('knows whose an operation is, also when its job is gone from the list', () => {
    const { journal, begin } = journalOf()
    begin('a', 'gone')
    journal.accept('a', { id: 'operation-1', requestId: 'r' }, 1, true, 3600_000)
    expect(journal.ownerOf('dashscope', 'operation-1')).toBe('gone')
    expect(journal.ownerOf('segmind', 'operation-1')).toBeNull()
  })

  it('counts as uncertain what got no answer and no decision', () => {
    const { journal, begin } = journalOf()
    for (const id of ['a', 'b', 'c', 'd']) begin(id, id)
    journal.accept('b', { id: 'operation-1' }, 1, false, 3600_000)
    journal.doubt('c', { httpStatus: null, answer: '' }, 1)
    journal.doubt('d', { httpStatus: null, answer: '' }, 1)
    journal.decide('d', 'dropped')
    expect(journal.uncertain('dashscope').map(({ attemptId }) => attemptId)).toEqual(['a', 'c'])
  })
})
