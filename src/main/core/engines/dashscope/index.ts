import { StudioError } from '../../../../shared/errors.ts'
import { ENGINE_LIMITS } from '../../../../shared/model/limits.ts'
import { ENGINE_PARAMETERS } from '../../../../shared/model/parameters.ts'
import type { RemoteEngine } from '../engine.ts'
import { cancelTask, checkPortrait, listTasks, pollTask, submitTask, testKey } from './dashscope.ts'

const DAY_MS = 24 * 3600_000

/** Alibaba Model Studio `liveportrait` with its mandatory `liveportrait-detect` (contract: dashscope). */
export const dashscopeEngine: RemoteEngine = {
  kind: 'remote',
  id: 'dashscope',
  vendorName: 'DashScope',
  keyVariable: 'DASHSCOPE_API_KEY',
  limits: ENGINE_LIMITS.dashscope,
  parameters: ENGINE_PARAMETERS.dashscope,
  drivenBy: ['voice'],
  // One runs, one waits right behind it: what waits here can still be reordered and removed free of charge (section 9, point 13).
  maxOperations: 2,
  defaultBaseUrl: 'https://dashscope.aliyuncs.com/api/v1',
  resultHostSuffixes: ['.aliyuncs.com'],
  // Section 6: both for 24 hours; a result's address carries a signature and is asked for anew.
  lives: { recordMs: DAY_MS, resultMs: DAY_MS },
  keepsAddress: false,
  pollDelayMs: (ageMs) => (ageMs < 120_000 ? 5000 : 15_000),
  guessMsASecond: 3000,
  // Section 9, point 10.
  unknownAgeMs: 60_000,
  models: { check: 'liveportrait-detect', make: 'liveportrait' },
  // Section 8: detect 5/s; submit one at a time at 1/s; one shared bucket of 10/s for query, list and cancel.
  rates: { check: 5, submit: 1, query: 10 },
  inspectKey(key) {
    if (key.startsWith('SG_'))
      throw new StudioError('E-CONFIG-INVALID', { params: { name: 'key', value: 'Segmind', reason: 'other-vendor' } })
  },
  testKey,
  checkSource: checkPortrait,
  submit: submitTask,
  poll: pollTask,
  cancel: cancelTask,
  list: listTasks,
  quote(seconds, checks, prices) {
    const detects = checks * prices.perCheck
    // The metered length may be rounded up to the next whole second.
    return {
      low: round(detects + seconds * prices.perSecond),
      high: round(detects + Math.ceil(seconds) * prices.perSecond),
      currency: prices.currency,
    }
  },
  usage: (videoSeconds, prices) => ({ amount: round(videoSeconds * prices.perSecond), currency: prices.currency }),
}

const round = (amount: number) => Math.round(amount * 10_000) / 10_000
