import { StudioError } from '../../../../shared/errors.ts'
import { predictClip } from '../../../../shared/lib/predict-clip.ts'
import { ENGINE_LIMITS } from '../../../../shared/model/limits.ts'
import { ENGINE_PARAMETERS } from '../../../../shared/model/parameters.ts'
import type { RemoteEngine } from '../engine.ts'
import { saveInline } from './inline-result.ts'
import { askBalance, fetchResult, MODEL, pollStatus, submitClip } from './segmind.ts'

const HOUR_MS = 3600_000
/** The average run, of which the price is known, has about this length: 120 frames. */
const AVERAGE_SECONDS = 4.8
/** Runs of the same length differ by about this much in price. */
const SPREAD = 0.25

/** Segmind `live-portrait-video-to-video`, by its asynchronous interface only (contract: segmind; docs/decisions/0008-segmind-v2-only.md). */
export const segmindEngine: RemoteEngine = {
  kind: 'remote',
  id: 'segmind',
  vendorName: 'Segmind',
  keyVariable: 'SEGMIND_API_KEY',
  limits: ENGINE_LIMITS.segmind,
  parameters: ENGINE_PARAMETERS.segmind,
  drivenBy: ['driver'],
  // Section 8.
  maxOperations: 2,
  callsPerMinute: 30,
  rates: { check: 1, submit: 1, query: 5 },
  defaultBaseUrl: 'https://api.segmind.com',
  resultHostSuffixes: ['.segmind.com'],
  models: { check: '', make: MODEL },
  // Section 3: the record for an hour from its submit on, the file for a week at an address that anyone may use.
  lives: { recordMs: HOUR_MS, resultMs: 7 * 24 * HOUR_MS },
  keepsAddress: true,
  pollDelayMs(ageMs) {
    // Section 9, point 5: after 10 s, every 5 s to two minutes, every 10 s, and ever slower until the hour is over.
    if (ageMs < 10_000) return 10_000
    if (ageMs < 120_000) return 5000
    return Math.min(60_000, Math.max(10_000, ageMs / 30))
  },
  // Section 9, point 4.
  unknownAgeMs: 15_000,
  inspectKey(key) {
    if (key.startsWith('sk-'))
      throw new StudioError('E-CONFIG-INVALID', { params: { name: 'key', value: 'DashScope', reason: 'other-vendor' } })
  },
  async testKey(context) {
    await askBalance(context)
  },
  submit: submitClip,
  poll: pollStatus,
  result: fetchResult,
  saveInline,
  balance: askBalance,
  predictSeconds: (source, driver, parameters) => predictClip(source, driver, parameters).seconds,
  quote(seconds, _checks, prices, past) {
    const { currency, perRun, perSecond } = prices
    // What the vendor counts is not published: an average until there are runs of one's own to go by.
    const expected =
      past === null ? perRun * Math.max(1, seconds / AVERAGE_SECONDS) + seconds * perSecond : past * seconds
    const low = past === null ? Math.min(expected, perRun + seconds * perSecond) : expected * (1 - SPREAD)
    return { low: round(low), high: round(expected * (past === null ? 1 : 1 + SPREAD)), currency }
  },
  usage: (videoSeconds, { currency, perRun, perSecond }) => ({
    amount: round(perRun + videoSeconds * perSecond),
    currency,
  }),
}

const round = (amount: number) => Math.round(amount * 10_000) / 10_000
