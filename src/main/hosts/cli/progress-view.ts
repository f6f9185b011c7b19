import { basename } from 'node:path'
import { inputAddress } from '../../../shared/lib/input-address.ts'
import { errorSentence, showName } from '../../../shared/lib/error-sentence.ts'
import { TERMINAL_STATES } from '../../../shared/model/job.ts'
import type { Job } from '../../../shared/model/job.ts'
import type { Texts } from '../../../shared/lib/create-texts.ts'
import type { CommandContext } from './context.ts'

/** `portrait.jpg × voice.wav` */
export function pairName(job: Job): string {
  return [inputAddress(job, 'source'), inputAddress(job, job.driver === undefined ? 'voice' : 'driver')]
    .map((path) => showName(basename(path)))
    .join(' × ')
}

/** One job on one or two lines for people. */
export function jobText(texts: Texts, job: Job): string {
  const state = texts.t(job.reused === true ? 'cli.run.alreadyMade' : `cli.state.${job.state}`)
  const result = job.output === undefined ? '' : ` → ${showName(job.output)}`
  if (job.error === undefined) return `${state}  ${pairName(job)}${result}`
  const { message, action } = errorSentence(texts.t, texts.exists, job.error)
  return `${state}  ${pairName(job)}${result}\n    ${`${job.error.code}: ${message} ${action}`.trim()}`
}

export type ProgressView = {
  /** The newest row of a job, however often it changes. */
  readonly update: (job: Job) => void
  /** A row worth telling (thinned out by the reporter). */
  readonly tell: (job: Job) => void
  readonly end: () => void
}

/** Progress for people: a line redrawn in place on a terminal, elsewhere a line for each step; results on standard output. */
export function createProgressView(context: CommandContext): ProgressView {
  const { json, output, texts } = context
  if (json) return { update: () => undefined, tell: () => undefined, end: () => undefined }
  const rows = new Map<string, Job>()
  const toldSteps = new Map<string, string>()
  return {
    update: (job) => void rows.set(job.jobId, job),
    tell: (job) => {
      const ended = TERMINAL_STATES.includes(job.state) || job.state === 'needs_attention'
      if (ended) output.line(jobText(texts, job))
      else if (!output.hasStatus && job.state === 'running' && toldSteps.get(job.jobId) !== job.step) {
        toldSteps.set(job.jobId, job.step)
        output.note(`${texts.t(`cli.step.${job.step}`)}  ${pairName(job)}`)
      }
      output.status(statusLine(texts, [...rows.values()]))
    },
    end: () => output.status(null),
  }
}

function statusLine(texts: Texts, rows: readonly Job[]): string | null {
  const ended = rows.filter(({ state }) => TERMINAL_STATES.includes(state)).length
  const running = rows.filter(({ state }) => state === 'running')
  const [first] = running
  if (first === undefined) return ended === rows.length ? null : `[${ended}/${rows.length}]`
  const percent = first.progress === null ? '' : ` ${Math.floor(first.progress * 100)} %`
  const more = running.length > 1 ? ` (+${running.length - 1})` : ''
  return `[${ended}/${rows.length}] ${texts.t(`cli.step.${first.step}`)}${percent}  ${pairName(first)}${more}`
}
