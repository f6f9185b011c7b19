import { createCore } from '../../core/create-core.ts'
import type { Core } from '../../core/create-core.ts'
import type { Output } from '../../../shared/api/index.ts'
import type { Job } from '../../../shared/model/job.ts'
import type { RunRequest } from './arguments.ts'
import { call } from './call.ts'
import type { CommandContext } from './context.ts'
import { EXIT, exitCodeOfJob, worstExitCode } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { followJobs } from './follow-jobs.ts'
import { summarise } from './lines.ts'
import type { Summary } from './lines.ts'
import { checkFiles, pathsOfPairs, tellRest } from './precheck.ts'

const PAIRS_A_BATCH = 10_000

/** Pairs, checks, runs, waits and saves. Ends when nothing can move without the user. */
export async function runCommand(context: CommandContext, request: RunRequest): Promise<ExitCode> {
  const core = await createCore(context.ports('live'))
  try {
    const plan = await call(core, 'batch.plan', {
      inputs: request.inputs,
      drivers: request.drivers,
      ...(request.manifest === undefined ? {} : { manifest: request.manifest }),
      pairBy: request.pairBy,
      recursive: request.recursive,
      outputFolder: request.outputFolder,
    })
    const { unpaired, rejected } = await tellPlan(context, core, request, plan)
    const jobs = context.ending.aborted ? [] : await startPlan(context, core, request, plan)
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
  await checkFiles(context, core, request.engine, pathsOfPairs(plan))
  return tellRest(context, core, request.engine, { leftOver: plan.leftOver, findings: plan.findings, named })
}

function startPlan(
  context: CommandContext,
  core: Core,
  request: RunRequest,
  plan: Output<'batch.plan'>,
): Promise<Job[]> {
  const { engine, parameters, outputFolder, again, repair } = request
  return followJobs(context, core, async () => {
    const jobs = new Map<string, Job>()
    for (let at = 0; at < plan.pairs.length; at += PAIRS_A_BATCH) {
      const pairs = plan.pairs.slice(at, at + PAIRS_A_BATCH)
      const started = await call(core, 'batch.start', { engine, pairs, parameters, outputFolder, again, repair })
      for (const job of started.jobs) jobs.set(job.jobId, job)
    }
    return [...jobs.values()]
  })
}

/** The last line of everything that runs jobs. */
export function tellSummary(context: CommandContext, summary: Summary): void {
  const { json, output, texts } = context
  if (json) return output.event({ event: 'summary', ...summary })
  const parts = (['done', 'alreadyMade', 'failed', 'needsAttention', 'cancelled', 'expired', 'unpaired'] as const)
    .filter((key) => key === 'done' || summary[key] > 0)
    .map((key) => texts.t(`cli.summary.${key}`, { count: summary[key] }))
  output.line(parts.join(', '))
}
