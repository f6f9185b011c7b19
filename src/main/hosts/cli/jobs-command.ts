import { createCore, openReadOnly } from '../../core/create-core.ts'
import type { Core } from '../../core/create-core.ts'
import type { RemoteOptions } from '../../core/create-remote.ts'
import { showName } from '../../../shared/lib/error-sentence.ts'
import type { Job, JobDetail, Money } from '../../../shared/model/job.ts'
import { usageError } from './arguments.ts'
import { call } from './call.ts'
import type { CommandContext } from './context.ts'
import { EXIT, exitCodeOfJob, worstExitCode } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { followJobs } from './follow-jobs.ts'
import { jobLine, summarise } from './lines.ts'
import type { JobVerb } from './program.ts'
import { jobText } from './progress-view.ts'
import { tellSummary } from './run-command.ts'
import { confirm } from './standard-input.ts'

const ROWS_A_PAGE = 500

/** The queue as it stands on disk, also while another core owns it. */
export async function listJobs(context: CommandContext): Promise<ExitCode> {
  const core = await openReadOnly(context.ports('read'))
  try {
    let count = 0
    for (;;) {
      const { rows } = await call(core, 'jobs.list', { offset: count, limit: ROWS_A_PAGE })
      for (const job of rows) tellJob(context, job)
      count += rows.length
      if (rows.length < ROWS_A_PAGE || context.ending.aborted) break
    }
    if (count === 0 && !context.json) context.output.note(context.texts.t('cli.jobs.none'))
    return EXIT.done
  } finally {
    await core.stop()
  }
}

export type JobsRequest = {
  readonly verb: JobVerb
  readonly jobId: string
  readonly operation?: string | undefined
  readonly yes: boolean
  readonly remote: RemoteOptions
}

/** Verbs after which a job goes on: they are followed to its end. */
const MOVING_VERBS: readonly JobVerb[] = ['retry', 'adopt', 'submit-again']

export async function jobsCommand(context: CommandContext, request: JobsRequest): Promise<ExitCode> {
  const { verb, jobId, yes, remote } = request
  if (verb === 'show') return showJob(context, jobId)
  if (verb === 'submit-again' && !yes) throw usageError(`This pays for job ${jobId} once more: add --yes to agree.`)
  const moves = MOVING_VERBS.includes(verb)
  const core = await createCore(context.ports('live'), { startsQueue: moves, remote })
  try {
    const { job } = await call(core, 'jobs.show', { jobId })
    const agreed = await agreeToPayAgain(context, core, request)
    if (agreed === null) return EXIT.done
    const act = async (): Promise<void> => {
      const { changed } = await perform(core, request, agreed)
      if (changed.length === 0) throw usageError(`Job ${jobId} is ${job.state}: there is nothing to ${verb}.`)
    }
    const now = async () => (await call(core, 'jobs.show', { jobId })).job
    if (moves) {
      const jobs = await followJobs(context, core, async () => {
        await act()
        return [await now()]
      })
      tellSummary(context, summarise(jobs, 0))
      return worstExitCode(jobs.map(exitCodeOfJob))
    }
    await act()
    tellJob(context, verb === 'remove' ? job : await now())
    return EXIT.done
  } finally {
    await core.stop()
  }
}

/**
 * Tells what a verb would pay once more, by the prices of now, and lets a person agree unless that was done on the
 * command line. Null when they did not. Throws E-CONFIG-INVALID when there is nobody to ask.
 */
async function agreeToPayAgain(context: CommandContext, core: Core, request: JobsRequest): Promise<Money[] | null> {
  const { verb, jobId, yes } = request
  if (verb !== 'retry' && verb !== 'submit-again') return []
  const { t } = context.texts
  const { prices } = await call(core, 'spend.again', { jobIds: [jobId], by: verb })
  for (const price of prices) context.output.note(t('cli.quote.again', price))
  const agreed = prices.map(({ high: amount, currency }) => ({ amount, currency }))
  if (prices.length === 0 || yes) return agreed
  if (process.stdin.isTTY !== true) throw usageError(`This pays for job ${jobId} once more: add --yes to agree.`)
  if (await confirm(t('cli.quote.ask'), context.ending)) return agreed
  context.output.note(t('cli.quote.declined'))
  return null
}

function perform(core: Core, request: JobsRequest, agreed: Money[]): Promise<{ changed: string[] }> {
  const { verb, jobId, operation } = request
  switch (verb) {
    case 'retry':
      return call(core, 'jobs.retry', { jobIds: [jobId], agreed })
    case 'cancel':
      return call(core, 'jobs.cancel', { jobIds: [jobId] })
    case 'remove':
      return call(core, 'jobs.remove', { jobIds: [jobId] })
    case 'adopt':
      return call(core, 'jobs.adopt', { jobId, operation: operation ?? '' })
    case 'submit-again':
      return call(core, 'jobs.submitAgain', { jobId, confirmed: true })
    case 'drop':
      return call(core, 'jobs.drop', { jobId })
    case 'show':
      return Promise.resolve({ changed: [] })
  }
}

async function showJob(context: CommandContext, jobId: string): Promise<ExitCode> {
  const core = await openReadOnly(context.ports('read'))
  try {
    const detail = await call(core, 'jobs.show', { jobId })
    tellJob(context, detail.job)
    if (!context.json) tellDetail(context, detail)
    return EXIT.done
  } finally {
    await core.stop()
  }
}

function tellJob(context: CommandContext, job: Job): void {
  if (context.json) context.output.event(jobLine(context.english, job))
  else context.output.line(`${job.jobId}  ${jobText(context.texts, job)}`)
}

function tellDetail(context: CommandContext, { parameters, history }: JobDetail): void {
  const { output, texts } = context
  for (const [key, value] of Object.entries(parameters))
    output.line(`    ${showName(key)} = ${showName(String(value))}`)
  for (const { step, attempt, startedAt, endedAt, outcome } of history) {
    const seconds = endedAt === undefined ? '' : `  ${((endedAt - startedAt) / 1000).toFixed(1)} s`
    const at = new Date(startedAt).toISOString()
    output.line(`    ${at}  ${texts.t(`cli.step.${step}`)} #${attempt}  ${texts.t(`cli.outcome.${outcome}`)}${seconds}`)
  }
}
