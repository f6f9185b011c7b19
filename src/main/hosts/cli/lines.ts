import { inputAddress } from '../../../shared/lib/input-address.ts'
import type { ErrorData } from '../../../shared/errors.ts'
import { errorSentence } from '../../../shared/lib/error-sentence.ts'
import type { Job, Money } from '../../../shared/model/job.ts'
import type { CheckResult, Finding } from '../../../shared/model/media.ts'
import type { Texts } from '../../../shared/lib/create-texts.ts'

/** The lines of `--json`: an outside contract, so each is built field by field and never spread from our own rows. */

export function errorLine(english: Texts, error: ErrorData) {
  const { code, params, chargeState, retryable } = error
  const { message, action } = errorSentence(english.t, english.exists, error)
  return { code, params, message, action, chargeState, retryable }
}

export function jobLine(english: Texts, job: Job) {
  return {
    event: 'job' as const,
    jobId: job.jobId,
    state: job.state,
    step: job.step,
    progress: job.progress,
    engine: job.engine,
    source: inputAddress(job, 'source'),
    ...(job.voice === undefined ? {} : { voice: inputAddress(job, 'voice') }),
    ...(job.driver === undefined ? {} : { driver: inputAddress(job, 'driver') }),
    ...(job.output === undefined ? {} : { output: job.output }),
    ...(job.reused === undefined ? {} : { reused: job.reused }),
    ...(job.operation === undefined ? {} : { operation: job.operation }),
    ...(job.requestId === undefined ? {} : { requestId: job.requestId }),
    ...(job.quote === undefined ? {} : { quote: job.quote }),
    ...(job.usage === undefined ? {} : { usage: job.usage }),
    ...(job.error === undefined ? {} : { error: errorLine(english, job.error) }),
  }
}

/** The sentence of a finding on a file; value and limit stand beside the params in our rows. */
export function findingMessage(texts: Texts, path: string, finding: Finding): string {
  const { code, params, value, limit } = finding
  const filled = {
    file: path,
    ...(value === undefined ? {} : { value }),
    ...(limit === undefined ? {} : { limit }),
    ...params,
  }
  return errorSentence(texts.t, texts.exists, { code, params: filled }).message
}

export function checkLine(english: Texts, check: Omit<CheckResult, 'mediaId'>) {
  return {
    event: 'check' as const,
    path: check.path,
    kind: check.kind,
    verdict: check.verdict,
    facts: check.facts,
    findings: check.findings.map((finding) => ({
      code: finding.code,
      level: finding.level,
      message: findingMessage(english, check.path, finding),
      value: finding.value ?? null,
      limit: finding.limit ?? null,
      ...(finding.repair === undefined ? {} : { repair: finding.repair }),
    })),
  }
}

/** Counts of one run. `alreadyMade` counts those of `done` that an earlier run had made. */
export type Summary = {
  done: number
  failed: number
  needsAttention: number
  cancelled: number
  expired: number
  alreadyMade: number
  unpaired: number
  outputs: string[]
  /** What these jobs cost, by currency; absent when nothing was paid. What an earlier run paid for is not counted again. */
  cost?: Money[]
}

export function summarise(jobs: Iterable<Job>, unpaired: number): Summary {
  const summary: Summary = {
    done: 0,
    failed: 0,
    needsAttention: 0,
    cancelled: 0,
    expired: 0,
    alreadyMade: 0,
    unpaired,
    outputs: [],
  }
  const costs = new Map<Money['currency'], number>()
  for (const job of jobs) {
    if (job.state === 'done') summary.done += 1
    if (job.state === 'failed') summary.failed += 1
    if (job.state === 'needs_attention') summary.needsAttention += 1
    if (job.state === 'cancelled') summary.cancelled += 1
    if (job.state === 'expired') summary.expired += 1
    if (job.state === 'done' && job.reused === true) summary.alreadyMade += 1
    if (job.state === 'done' && job.output !== undefined) summary.outputs.push(job.output)
    if (job.usage !== undefined && job.reused !== true)
      costs.set(job.usage.currency, (costs.get(job.usage.currency) ?? 0) + job.usage.amount)
  }
  if (costs.size > 0) {
    summary.cost = [...costs].map(([currency, amount]) => ({ amount: Math.round(amount * 1e4) / 1e4, currency }))
  }
  return summary
}
