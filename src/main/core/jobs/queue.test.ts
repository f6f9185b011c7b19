import { describe, expect, test } from 'vitest'
import { DONE, queueHarness, toFinish, toRender } from '../../../../tests/fixtures/queue-harness.ts'
import { tempFolder } from '../../../../tests/fixtures/temp-folder.ts'
import { StudioError } from '../../../shared/errors.ts'
import { jobsContract, jobsEvents } from '../../../shared/api/jobs.ts'

type Harness = ReturnType<typeof queueHarness>

async function drive(harness: Harness, jobId: string): Promise<void> {
  for (const result of [toRender, toFinish, DONE]) {
    harness.running.get(jobId)?.finish(result)
    await harness.settle()
  }
}

describe('order and limits', () => {
  test('one job renders while the next one is checked; a third waits until the first is done', async () => {
    const harness = queueHarness(tempFolder())
    const [a = '', b = '', c = ''] = harness.add(3)
    harness.queue.start()
    await harness.settle()
    expect([...harness.running.keys()]).toEqual([a])
    harness.running.get(a)?.finish(toRender)
    await harness.settle()
    expect([harness.running.get(a)?.step, harness.running.get(b)?.step]).toEqual(['render', 'check'])
    harness.running.get(b)?.finish(toRender)
    await harness.settle()
    expect([...harness.running.keys()]).toEqual([a])
    expect([harness.state(a), harness.state(b), harness.state(c)]).toEqual(['running', 'queued', 'queued'])
    harness.running.get(a)?.finish(toFinish)
    await harness.settle()
    expect(harness.running.get(b)?.step).toBe('render')
    harness.running.get(a)?.finish(DONE)
    await harness.settle()
    expect(harness.running.get(c)?.step).toBe('check')
    expect(harness.state(a)).toBe('done')
  })

  test('a moved job comes first, however often jobs are moved', async () => {
    const harness = queueHarness(tempFolder())
    const ids = harness.add(4)
    const order = () => harness.queue.list({ offset: 0, limit: 10 }).rows.map((job) => job.jobId)
    for (let i = 0; i < 200; i++) {
      const [first, second] = order()
      expect(harness.queue.move(second ?? '', first)).toEqual([second])
    }
    expect(order().toSorted()).toEqual(ids)
    const last = order().at(-1) ?? ''
    harness.queue.move(last, order()[0])
    expect(order()[0]).toBe(last)
    harness.queue.move(last, undefined)
    expect(order().at(-1)).toBe(last)
    harness.queue.start()
    await harness.settle()
    expect([...harness.running.keys()]).toEqual([order()[0]])
  })

  test('10,000 jobs go in in one transaction, and a page of the list is a page', () => {
    const harness = queueHarness(tempFolder())
    harness.add(10_000)
    const { rows, total, counts } = harness.queue.list({ offset: 9_990, limit: 100 })
    expect([rows.length, total, counts.queued]).toEqual([10, 10_000, 10_000])
    expect(jobsContract['jobs.list'].output.safeParse({ rows, total, counts }).success).toBe(true)
    expect(harness.queue.list({ offset: 0, limit: 5, states: ['done'] }).total).toBe(0)
  })
})

describe('cancel', () => {
  test('ends a queued, a running and a waiting-for-its-turn job, and leaves a done one alone', async () => {
    const harness = queueHarness(tempFolder())
    const [a = '', b = '', c = '', d = ''] = harness.add(4)
    harness.queue.start()
    await harness.settle()
    await drive(harness, a)
    harness.running.get(b)?.finish(toRender)
    await harness.settle()
    harness.running.get(c)?.finish(toRender)
    await harness.settle()
    expect([a, b, c, d].map(harness.state)).toEqual(['done', 'running', 'queued', 'queued'])
    const changed = await harness.queue.cancel([a, b, c, d, 'no-such-job'])
    expect(changed.toSorted()).toEqual([b, c, d])
    expect([a, b, c, d].map(harness.state)).toEqual(['done', 'cancelled', 'cancelled', 'cancelled'])
    expect(harness.released).toEqual(expect.arrayContaining([b, c]))
    expect(harness.queue.show(b).history.at(-1)).toMatchObject({ step: 'render', outcome: 'cancelled' })
    expect(await harness.queue.cancel([b])).toEqual([])
  })

  test('that comes when the step is just over does not undo its result', async () => {
    const harness = queueHarness(tempFolder())
    const [a = ''] = harness.add(1)
    harness.queue.start()
    await harness.settle()
    for (const result of [toRender, toFinish]) {
      harness.running.get(a)?.finish(result)
      await harness.settle()
    }
    harness.running.get(a)?.finish(DONE)
    expect(await harness.queue.cancel([a])).toEqual([])
    expect(harness.state(a)).toBe('done')
  })

  test('wins over a pause that was asked for in the same moment', async () => {
    const harness = queueHarness(tempFolder())
    const [a = ''] = harness.add(1)
    harness.queue.start()
    await harness.settle()
    harness.running.get(a)?.finish(toRender)
    await harness.settle()
    const [, changed] = await Promise.all([harness.queue.pause(), harness.queue.cancel([a])])
    expect(changed).toEqual([a])
    expect(harness.state(a)).toBe('cancelled')
  })
})

describe('pause', () => {
  test('stops a render, lets a check end, starts nothing, and outlives a restart', async () => {
    const folder = tempFolder()
    const harness = queueHarness(folder)
    const [a = '', b = ''] = harness.add(3)
    harness.queue.start()
    await harness.settle()
    harness.running.get(a)?.finish(toRender)
    await harness.settle()
    expect((await harness.queue.pause()).paused).toBe(true)
    expect(harness.state(a)).toBe('queued')
    expect(harness.store.find(a)?.step).toBe('check')
    expect([...harness.running.keys()]).toEqual([b])
    harness.running.get(b)?.finish(toRender)
    await harness.settle()
    expect(harness.running.size).toBe(0)
    await harness.close()

    const next = queueHarness(folder)
    next.queue.recover()
    next.queue.start()
    await next.settle()
    expect(next.running.size).toBe(0)
    expect(next.queue.resume().paused).toBe(false)
    await next.settle()
    expect([...next.running.keys()]).toEqual([a])
  })
})

describe('failure and retry', () => {
  test('a failed job keeps its code, others go on, and retry starts it again', async () => {
    const harness = queueHarness(tempFolder())
    const [a = '', b = ''] = harness.add(2)
    harness.queue.start()
    await harness.settle()
    harness.running.get(a)?.fail(new StudioError('E-INPUT-NO-FACE', { params: { file: 'a.png' } }))
    await harness.settle()
    expect(harness.queue.show(a).job).toMatchObject({
      state: 'failed',
      step: 'check',
      error: { code: 'E-INPUT-NO-FACE', jobId: a, step: 'check' },
    })
    expect(harness.running.has(b)).toBe(true)
    expect(harness.queue.retry([a, b])).toEqual([a])
    await drive(harness, b)
    await drive(harness, a)
    const { job, history } = harness.queue.show(a)
    expect(job.error).toBeUndefined()
    expect(history.map(({ step, attempt, outcome }) => `${step} ${attempt} ${outcome}`)).toEqual([
      'check 1 failed',
      'check 2 finished',
      'render 1 finished',
      'finish 1 finished',
    ])
  })

  test('an error of ours becomes E-INTERNAL and stops nothing else', async () => {
    const harness = queueHarness(tempFolder())
    const [a = '', b = ''] = harness.add(2)
    harness.queue.start()
    await harness.settle()
    harness.running.get(a)?.fail(new TypeError('x is not a function'))
    await harness.settle()
    expect(harness.queue.show(a).job.error?.code).toBe('E-INTERNAL')
    expect(harness.running.has(b)).toBe(true)
  })

  test('a result that cannot be stored because the disk is full is kept and stored later', async () => {
    const harness = queueHarness(tempFolder())
    const [a = ''] = harness.add(1)
    harness.queue.start()
    await harness.settle()
    const pages = Number(harness.database.get('PRAGMA page_count')?.['page_count'])
    harness.database.get(`PRAGMA max_page_count = ${pages}`)
    harness.running.get(a)?.finish({ kind: 'next', step: 'render', work: 'x'.repeat(200_000) })
    await harness.settle()
    expect(harness.store.find(a)?.step).toBe('check')
    harness.database.get('PRAGMA max_page_count = 1000000')
    harness.advance(1000)
    await harness.settle()
    expect(harness.store.find(a)?.step).toBe('render')
    expect(harness.running.get(a)?.step).toBe('render')
  })
})

describe('after a crash', () => {
  test('what ran is queued again where its step says, with the cut-off attempt on record', async () => {
    const folder = tempFolder()
    const harness = queueHarness(folder)
    const [a = '', b = ''] = harness.add(2)
    harness.queue.start()
    await harness.settle()
    for (const result of [toRender, toFinish]) {
      harness.running.get(a)?.finish(result)
      await harness.settle()
    }
    harness.running.get(b)?.finish(toRender)
    await harness.settle()
    expect([harness.running.get(a)?.step, harness.running.get(b)?.step]).toEqual(['finish', 'render'])
    harness.crash()

    const next = queueHarness(folder)
    next.queue.recover()
    expect([next.store.find(a), next.store.find(b)].map((job) => [job?.state, job?.step])).toEqual([
      ['queued', 'finish'],
      ['queued', 'check'],
    ])
    expect(next.queue.show(b).history.at(-1)).toMatchObject({ step: 'render', outcome: 'interrupted' })
    next.queue.start()
    await next.settle()
    expect([next.running.get(a)?.step, next.running.get(b)?.step]).toEqual(['finish', 'check'])
  })

  test('rows that cannot be read are set aside, kept as they are, and stop nothing', async () => {
    const harness = queueHarness(tempFolder())
    const ids = harness.add(20)
    for (const jobId of ids.slice(0, 10)) {
      harness.database.run(`UPDATE jobs SET findings = '{"broken' WHERE job_id = ?`, jobId)
    }
    const { rows, total } = harness.queue.list({ offset: 0, limit: 15 })
    expect([rows.length, total, harness.store.quarantined()]).toEqual([10, 10, 10])
    harness.queue.start()
    await harness.settle()
    expect([...harness.running.keys()]).toEqual([ids[10]])
    const kept = harness.database.get('SELECT findings FROM jobs WHERE job_id = ?', ids[0] ?? '')
    expect(kept?.['findings']).toBe('{"broken')
  })

  test('a stop keeps everything and leaves nothing running', async () => {
    const folder = tempFolder()
    const harness = queueHarness(folder)
    const [a = ''] = harness.add(2)
    harness.queue.start()
    await harness.settle()
    harness.running.get(a)?.finish(toRender)
    await harness.settle()
    await harness.close()
    expect(harness.running.size).toBe(0)
    expect(queueHarness(folder).queue.list({ offset: 0, limit: 10 }).counts).toMatchObject({ queued: 2, running: 0 })
  })
})

describe('events', () => {
  test('come at most ten a second, five about one job, with the newest row, and always the last one', async () => {
    const harness = queueHarness(tempFolder())
    const [a = ''] = harness.add(1)
    harness.queue.start()
    await harness.settle()
    harness.running.get(a)?.finish(toRender)
    await harness.settle()
    harness.advance(1000)
    harness.events.length = 0
    const seen: number[] = []
    for (let i = 1; i <= 200; i++) {
      harness.running.get(a)?.report(i / 200)
      harness.advance(10)
    }
    harness.advance(1000)
    for (const event of harness.events) {
      expect(jobsEvents[event.name].safeParse(event.payload).success).toBe(true)
      if (event.name === 'jobs-changed') seen.push(event.payload.rows[0]?.progress ?? -1)
    }
    expect(seen.length).toBeLessThanOrEqual(11)
    expect(harness.events.length).toBeLessThanOrEqual(22)
    expect(seen.at(-1)).toBe(1)
    expect(seen.toSorted((x, y) => x - y)).toEqual(seen)
  })

  test('of 10,000 new jobs come in messages of bounded size and cover every job', () => {
    const harness = queueHarness(tempFolder())
    const ids = harness.add(10_000)
    harness.advance(60_000)
    const rows = harness.events.flatMap((event) => (event.name === 'jobs-changed' ? [event.payload.rows] : []))
    expect(Math.max(...rows.map((page) => page.length))).toBeLessThanOrEqual(500)
    expect(new Set(rows.flat().map((job) => job.jobId)).size).toBe(ids.length)
  })

  test('of removed jobs name them once, and nothing is told of them afterwards', async () => {
    const harness = queueHarness(tempFolder())
    const [a = '', b = ''] = harness.add(2)
    expect(await harness.queue.remove([a, 'no-such-job'])).toEqual([a])
    harness.advance(1000)
    const told = harness.events.flatMap((event) => (event.name === 'jobs-changed' ? [event.payload] : []))
    expect(told.flatMap(({ removed }) => removed)).toEqual([a])
    expect(told.flatMap(({ rows }) => rows.map((job) => job.jobId))).toEqual([b])
  })

  test('a forecast comes from measured speed only', async () => {
    const harness = queueHarness(tempFolder())
    const [a = ''] = harness.add(4)
    expect(harness.queue.snapshot()).toMatchObject({ progress: 0, etaSeconds: null })
    harness.queue.start()
    await harness.settle()
    harness.running.get(a)?.finish(toRender)
    await harness.settle()
    harness.advance(10_000)
    harness.running.get(a)?.report(0.5)
    expect(harness.queue.snapshot()).toMatchObject({ progress: 0.125, etaSeconds: 70 })
  })
})
