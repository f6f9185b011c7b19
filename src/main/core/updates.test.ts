import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { manualClock } from '../../../tests/fixtures/manual-clock.ts'
import type { StudioEvent } from '../../shared/api/index.ts'
import type { HttpCall } from './lib/http-client.ts'
import { createUpdates, newerVersion } from './updates.ts'

const releasePage = new URL('https://github.com/studio/app/releases/latest')
const TAG = 'https://github.com/studio/app/releases/tag'

describe('a newer release', () => {
  it.each([
    [`${TAG}/v1.2.4`, '1.2.4'],
    [`${TAG}/1.10.0`, '1.10.0'],
    [`${TAG}/v2.0.0`, '2.0.0'],
    [`${TAG}/v1.2.3`, null],
    [`${TAG}/v1.2.2`, null],
    [`${TAG}/v0.9.99`, null],
    [`${TAG}/v1.2.4-beta.1`, null],
    [`${TAG}/v1.2.4?x=<script>`, null],
    ['https://github.com/someone/else/releases/tag/v9.9.9', null],
    ['https://evil.example/studio/app/releases/tag/v9.9.9', null],
    ['https://github.com/studio/app/releases', null],
    ['', null],
  ])('than 1.2.3 behind %s is %s', (location, expected) => {
    expect(newerVersion(location, releasePage, '1.2.3')).toBe(expected)
  })
})

/** A watch whose release page redirects to `location`, after `hours` of looking. */
function watch(options: {
  isWanted?: () => boolean
  isBusy?: () => boolean
  location?: () => string
  page?: URL | null
}) {
  const { clock, advance } = manualClock()
  const asked: HttpCall[] = []
  const told: StudioEvent[] = []
  const page = options.page === null ? {} : { releasePage: options.page ?? releasePage }
  const updates = createUpdates({
    ports: { clock, logger: pino({ enabled: false }), version: '1.2.3', ...page },
    http: {
      call: async (call) => {
        asked.push(call)
        return { status: 302, headers: { location: options.location?.() ?? `${TAG}/v1.3.0` }, text: '' }
      },
    },
    isWanted: options.isWanted ?? (() => true),
    isBusy: options.isBusy ?? (() => false),
    emit: (event) => told.push(event),
    signal: new AbortController().signal,
  })
  updates.begin()
  const pass = async (ms: number) => {
    advance(ms)
    // What a timer began asynchronously sets the next one.
    await new Promise((settled) => setImmediate(settled))
  }
  return { pass, asked, told, updates }
}

describe('looking for releases', () => {
  it('asks one constant page, says nothing of this computer, and tells once', async () => {
    const { pass, asked, told, updates } = watch({})
    await pass(60_000)
    await pass(24 * 3_600_000)
    expect(asked.map(({ method, url, headers, body }) => [method, url.href, headers, body])).toEqual(
      Array.from({ length: 2 }, () => ['HEAD', releasePage.href, {}, undefined]),
    )
    expect(told).toEqual([{ name: 'update-found', payload: { version: '1.3.0', page: releasePage.href } }])
    expect(updates.found()).toEqual({ version: '1.3.0', page: releasePage.href })
  })

  it('waits while work is going on', async () => {
    let isBusy = true
    const { pass, asked, told } = watch({ isBusy: () => isBusy })
    await pass(60_000)
    expect(asked).toEqual([])
    isBusy = false
    await pass(15 * 60_000)
    expect(told).toHaveLength(1)
  })

  it('never asks when the person does not want it, or the build has no releases', async () => {
    for (const options of [{ isWanted: () => false }, { page: null }]) {
      const { pass, asked, updates } = watch(options)
      for (let day = 0; day < 3; day += 1) await pass(24 * 3_600_000)
      expect([asked, updates.found()]).toEqual([[], null])
    }
  })

  it('looks again the next day when the page could not be reached', async () => {
    let isDown = true
    const location = () => {
      if (isDown) throw new Error('no network')
      return `${TAG}/v1.3.0`
    }
    const { pass, told } = watch({ location })
    await pass(60_000)
    isDown = false
    await pass(24 * 3_600_000)
    expect(told).toHaveLength(1)
  })
})
