import { createCore } from '../../core/create-core.ts'
import type { Core } from '../../core/create-core.ts'
import type { RemoteOptions } from '../../core/create-remote.ts'
import type { Input, Output } from '../../../shared/api/index.ts'
import type { Pair } from '../../../shared/model/batch.ts'
import type { Job } from '../../../shared/model/job.ts'
import type { CheckResult } from '../../../shared/model/media.ts'
import type { RunRequest } from './arguments.ts'
import { agreeToPrice } from './agree-to-price.ts'
import { usageError } from './arguments.ts'
import { call } from './call.ts'
import type { CommandContext } from './context.ts'
import { EXIT, exitCodeOfJob, worstExitCode } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { fetchAddresses } from './fetch-addresses.ts'
import { followJobs } from './follow-jobs.ts'
import { summarise } from './lines.ts'
import type { Summary } from './lines.ts'
import { findInPairs, fitPairs } from './pair-findings.ts'
import { checkFiles, pathsOfPairs, tellRest } from './precheck.ts'

const PAIRS_A_BATCH = 10_000
const PENDING_A_PAGE = 500

/** Pairs, checks, runs, waits and saves. Ends when nothing can move without the user. */
export async function runCommand(context: CommandContext, given: RunRequest, remote: RemoteOptions): Promise<ExitCode> {
  const core = await createCore(context.ports('live'), { remote })
  try {
    const fetched = await fetchAddresses(context, core, given)
    const { request } = fetched
    const planned = await call(core, 'batch.plan', {
      inputs: request.inputs,
      drivers: request.drivers,
      ...(request.manifest === undefined ? {} : { manifest: request.manifest }),
      pairBy: request.pairBy,
      recursive: request.recursive,
      outputFolder: request.outputFolder,
    })
    const told = await tellPlan(context, core, request, planned)
    const pairs = request.repair
      ? await fitPairs(core, request.engine, request.parameters, planned.pairs)
      : planned.pairs
    const plan = { ...planned, pairs }
    const { unpaired } = told
    const rejected = told.rejected || fetched.isRefused
    const { length: pairCount } = plan.pairs
    const isPaid = request.engine !== 'offline'
    if (isPaid && pairCount > PAIRS_A_BATCH)
      throw usageError(`A paid run takes at most ${PAIRS_A_BATCH} pairs, not ${pairCount}: one price, one agreement.`)
    const agreed =
      isPaid && pairCount > 0 && !context.ending.aborted
        ? await agreeToPrice(context, core, request, startInput(request, plan.pairs))
        : {}
    if (agreed === null) return EXIT.someFailed
    const jobs = context.ending.aborted ? [] : await startPlan(context, core, request, plan, agreed)
    tellSummary(context, summarise(jobs, unpaired))
    const nothingUsable = plan.pairs.length === 0
    if (nothingUsable && !context.json) context.output.note(context.texts.t('cli.run.nothing'))
    const codes = jobs.map(exitCodeOfJob)
    return worstExitCode(rejected || unpaired > 0 || nothingUsable ? [...codes, EXIT.someFailed] : codes)
  } finally {
    await core.stop()
  }
}

async function tellPlan(context: CommandContext, core: Core, request: RunRequest, plan: Output<'batch.plan'>) {
  const named = new Set([...request.inputs, ...request.drivers])
  if (!context.json && plan.pairs.length > 0)
    context.output.note(context.texts.t('cli.run.planned', { count: plan.pairs.length }))
  const withPairs = findInPairs(request.engine, request.parameters, plan.pairs)
  const amend = (result: CheckResult) => Promise.resolve(withPairs(result))
  await checkFiles(context, core, request.engine, pathsOfPairs(plan), amend)
  return tellRest(context, core, request.engine, { leftOver: plan.leftOver, findings: plan.findings, named })
}

function startPlan(
  context: CommandContext,
  core: Core,
  request: RunRequest,
  plan: Output<'batch.plan'>,
  agreed: Pick<Input<'batch.start'>, 'spend'>,
): Promise<Job[]> {
  return followJobs(context, core, async () => {
    const jobs = new Map<string, Job>()
    for (const job of await listPending(core)) jobs.set(job.jobId, job)
    for (let at = 0; at < plan.pairs.length; at += PAIRS_A_BATCH) {
      const asked = startInput(request, plan.pairs.slice(at, at + PAIRS_A_BATCH))
      const started = await call(core, 'batch.start', { ...asked, ...agreed })
      for (const job of started.jobs) jobs.set(job.jobId, job)
    }
    return [...jobs.values()]
  })
}

function startInput(request: RunRequest, pairs: readonly Pair[]): Input<'spend.quote'> {
  const { engine, parameters, outputFolder, again, repair } = request
  return { engine, pairs: [...pairs], parameters, outputFolder, again, repair }
}

/** Jobs of earlier runs that a vendor has taken and whose results are still to be fetched: they are waited for, too. */
async function listPending(core: Core): Promise<Job[]> {
  const found: Job[] = []
  for (let offset = 0; ; offset += PENDING_A_PAGE) {
    const { rows } = await call(core, 'jobs.list', {
      offset,
      limit: PENDING_A_PAGE,
      states: ['queued', 'running', 'waiting'],
    })
    found.push(...rows.filter(({ operation }) => operation !== undefined))
    if (rows.length < PENDING_A_PAGE) return found
  }
}

/** The last line of everything that runs jobs. */
export function tellSummary(context: CommandContext, summary: Summary): void {
  const { json, output, texts } = context
  if (json) return output.event({ event: 'summary', ...summary })
  const parts = (['done', 'alreadyMade', 'failed', 'needsAttention', 'cancelled', 'expired', 'unpaired'] as const)
    .filter((key) => key === 'done' || summary[key] > 0)
    .map((key) => texts.t(`cli.summary.${key}`, { count: summary[key] }))
  for (const { amount, currency } of summary.cost ?? [])
    parts.push(texts.t('cli.summary.cost', { cost: `${amount} ${currency}` }))
  output.line(parts.join(', '))
}
