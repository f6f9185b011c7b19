import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, link, mkdir, mkdtemp, realpath, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Logger } from 'pino'
import { StudioError } from '../../../shared/errors.ts'
import type {
  CheckResult,
  Finding,
  MediaFacts,
  MediaLimits,
  PixelBox,
  RepairStep,
} from '../../../shared/model/media.ts'
import { asOutputError } from '../lib/publish-file.ts'
import type { HelperClient } from './helper-client.ts'
import { asProblem } from './inspect.ts'
import { planRepairs } from './repair-plan.ts'
import type { RepairPlan } from './repair-plan.ts'

/** What must stay in a picture that is cropped, in its own upright pixels; null when there is nothing of the kind. */
export type FindKeep = (path: string, signal?: AbortSignal) => Promise<PixelBox | null>

export type Repaired = {
  /** The copy; the file itself when it could not be repaired. */
  readonly path: string
  /** Of the copy, with the user's own file name in its findings; or why none could be made. */
  readonly check: CheckResult
  readonly steps: readonly RepairStep[]
  /** What was done, as findings to show. */
  readonly notes: readonly Finding[]
}

type RepairDependencies = {
  readonly check: (path: string, limits: MediaLimits, signal?: AbortSignal) => Promise<CheckResult>
  readonly checkDeeply: (result: CheckResult, signal?: AbortSignal) => Promise<CheckResult>
  readonly contentHash: (path: string, signal?: AbortSignal) => Promise<string>
  readonly decoders: HelperClient
  readonly ffmpegPath: () => string
  /** An empty folder. */
  readonly emptyFolder: string
  /** Copies that other jobs may need as well. */
  readonly folder: string
  readonly findKeep: FindKeep | null
  readonly logger: Logger
}

type Copy = { readonly path: string; readonly check: CheckResult; readonly steps: readonly RepairStep[] }

/** Remembered copies; the least recently used ones go first. */
const MAX_COPIES = 64
const MAX_COPIES_BYTES = 512 * 1_048_576
/** Faces are looked for in a picture of at most this side: finding them needs no more. */
const KEEP_SIDE_PX = 2048

/** Makes files meet an engine's limits, on copies, each content once. */
export function createRepairs(dependencies: RepairDependencies) {
  const { check, checkDeeply, contentHash, decoders, ffmpegPath, emptyFolder, folder, findKeep, logger } = dependencies
  const copies = new Map<string, Copy>()

  /** Null when nothing can be planned. */
  async function make(result: CheckResult, limits: MediaLimits, signal?: AbortSignal): Promise<Copy | null> {
    const source = await realpath(result.path)
    const own = await newFolder(folder)
    try {
      const keep = await keepOf(result, limits, join(own, 'small.jpg'), signal)
      const plan = planRepairs(result, limits, keep)
      if (plan === null) {
        await rm(own, { recursive: true, force: true })
        return null
      }
      const path = await execute(plan, result, source, own, signal)
      const copy = await checkDeeply(await check(path, limits, signal), signal)
      return { path, check: copy, steps: measured(plan.steps, copy.facts) }
    } catch (thrown) {
      await rm(own, { recursive: true, force: true })
      throw thrown
    }
  }

  async function execute(
    { work }: RepairPlan,
    result: CheckResult,
    path: string,
    own: string,
    signal?: AbortSignal,
  ): Promise<string> {
    if (work.kind === 'picture') {
      const { region, content, canvas, maxSizeBytes, formats } = work
      const task = { task: 'repaint', path, ffmpegPath: ffmpegPath(), folder: own } as const
      const answer = await decoders.ask(
        { ...task, region, content, canvas, maxSizeBytes, formats: [...formats] },
        signal,
      )
      if (answer.outcome !== 'painted') throw new StudioError('E-TOOL-FAILED', { params: { tool: 'probe' } })
      return answer.path
    }
    const { encoding, endSeconds } = work
    const target = join(own, `audio.${encoding.format}`)
    const format = result.facts.format ?? ''
    const task = { task: 'transcode', path, format, cwd: emptyFolder, ffmpegPath: ffmpegPath(), target } as const
    await decoders.ask({ ...task, encoding, endSeconds }, signal)
    return target
  }

  /** Only a picture that is too long for its ratio may be cut. */
  async function keepOf(
    result: CheckResult,
    limits: MediaLimits,
    small: string,
    signal?: AbortSignal,
  ): Promise<PixelBox | null> {
    const { width = 0, height = 0 } = result.facts
    const isLong = Math.max(width, height) > (limits.image?.maxRatio ?? Infinity) * Math.min(width, height)
    if (findKeep === null || result.kind !== 'image' || !isLong) return null
    try {
      const path = await realpath(result.path)
      const task = { task: 'thumbnail', path, ffmpegPath: ffmpegPath(), sidePx: KEEP_SIDE_PX, target: small } as const
      await decoders.ask(task, signal)
      const box = await findKeep(small, signal)
      const scale = Math.max(1, Math.max(width, height) / KEEP_SIDE_PX)
      return box === null
        ? null
        : { x: box.x * scale, y: box.y * scale, width: box.width * scale, height: box.height * scale }
    } catch (cause) {
      signal?.throwIfAborted()
      if (cause instanceof StudioError && cause.code.startsWith('E-TOOL-')) throw cause
      // Without a face nothing is cut off: the picture is padded.
      logger.warn({ path: result.path, cause }, 'the part of a picture that must stay could not be found')
      return null
    } finally {
      await rm(small, { force: true })
    }
  }

  async function remember(key: string, copy: Copy): Promise<void> {
    copies.set(key, copy)
    let sizeBytes = 0
    for (const [
      old,
      {
        path,
        check: { facts },
      },
    ] of [...copies].toReversed()) {
      sizeBytes += facts.sizeBytes ?? 0
      const isKept = old === key || (sizeBytes <= MAX_COPIES_BYTES && copies.size <= MAX_COPIES)
      if (isKept) continue
      copies.delete(old)
      await rm(dirname(path), { recursive: true, force: true })
    }
  }

  async function find(key: string): Promise<Copy | null> {
    const known = copies.get(key)
    if (known === undefined) return null
    copies.delete(key)
    const isThere = await stat(known.path).then(
      (stats) => stats.isFile() && stats.size === known.check.facts.sizeBytes,
      () => false,
    )
    if (!isThere) return null
    // The last one in the map is the one that was used last.
    copies.set(key, known)
    return known
  }

  return {
    repair: async (
      result: CheckResult,
      limits: MediaLimits,
      tempDir: string,
      signal?: AbortSignal,
    ): Promise<Repaired> => {
      const file = basename(result.path)
      const relevant = relevantLimits(result, limits)
      const key = keyOf(await contentHash(result.path, signal), relevant)
      let copy = await find(key)
      if (copy === null) {
        try {
          copy = await make(result, relevant, signal)
        } catch (thrown) {
          signal?.throwIfAborted()
          return standing(result, [asProblem(thrown, file)])
        }
        if (copy === null) return standing(result, [])
        const errors = copy.check.findings.filter(({ level }) => level === 'error')
        if (errors.length > 0) {
          await rm(dirname(copy.path), { recursive: true, force: true })
          return standing(
            result,
            errors.map((finding) => named(finding, file)),
          )
        }
        await remember(key, copy)
      }
      const path = await lend(copy.path, tempDir)
      const findings = copy.check.findings.map((finding) => named(finding, file))
      return {
        path,
        check: { ...copy.check, path, findings },
        steps: copy.steps,
        notes: copy.steps.map((step) => noteOf(step, file)),
      }
    },
  }
}

async function newFolder(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 })
    return await mkdtemp(join(parent, 'repaired-'))
  } catch (thrown) {
    throw asOutputError(thrown, parent)
  }
}

/** A name of the job's own for a copy, so that it stays however long the job takes. */
async function lend(path: string, tempDir: string): Promise<string> {
  const target = join(await newFolder(tempDir), basename(path))
  try {
    await link(path, target).catch(() => copyFile(path, target, constants.COPYFILE_FICLONE))
    return target
  } catch (thrown) {
    throw asOutputError(thrown, target)
  }
}

/** Only those limits that decide what becomes of a file: the same copy serves a preview and every job. */
function relevantLimits({ kind }: CheckResult, { image, audio, video }: MediaLimits): MediaLimits {
  if (kind === 'image' && image !== undefined) return { goesByName: true, image }
  if (audio !== undefined) return { goesByName: true, audio }
  return { goesByName: true, ...(video === undefined ? {} : { video }) }
}

function keyOf(sha256: string, limits: MediaLimits): string {
  return createHash('sha256')
    .update(JSON.stringify([sha256, limits]))
    .digest('hex')
}

const named = (finding: Finding, file: string): Finding => ({ ...finding, params: { ...finding.params, file } })

/** The verdict of a file that could not be repaired: what is wrong with the copy says most. */
function standing(result: CheckResult, first: readonly Finding[]): Repaired {
  const known = new Set(first.map(({ code }) => code))
  const rest = result.findings.filter(({ code, level }) => level !== 'error' || !known.has(code))
  const findings = [...first, ...rest].map(withoutRepair)
  return { path: result.path, check: { ...result, verdict: 'rejected', findings }, steps: [], notes: [] }
}

function withoutRepair({ code, level, params, value, limit }: Finding): Finding {
  return {
    code,
    level,
    params,
    ...(value === undefined ? {} : { value }),
    ...(limit === undefined ? {} : { limit }),
  }
}

/** The steps with what the copy came out as; a size that a later step changes again stays as planned. */
function measured(steps: readonly RepairStep[], facts: MediaFacts): RepairStep[] {
  const lastSized = steps.findLastIndex(({ after }) => after.width !== undefined)
  return steps.map((step, index) => {
    const keys = Object.keys(step.after) as (keyof MediaFacts)[]
    const isFinal = (key: keyof MediaFacts) => (key !== 'width' && key !== 'height') || index === lastSized
    const known = keys.filter((key) => isFinal(key) && facts[key] !== undefined).map((key) => [key, facts[key]])
    return { ...step, after: { ...step.after, ...Object.fromEntries(known) } }
  })
}

function noteOf({ kind, before, after }: RepairStep, file: string): Finding {
  const [value, limit] = [factOf(before), factOf(after)]
  const isBytes = kind === 'shrink' && before.sizeBytes !== undefined
  const params = { file, reason: `made-${isBytes ? 'bytes' : kind}`, value, limit }
  return { code: 'W-NOTE', level: 'note', params, value, limit }
}

/** The one fact that a step changes, as it is told. */
function factOf(facts: MediaFacts): string | number {
  if (facts.width !== undefined && facts.height !== undefined) return `${facts.width}x${facts.height}`
  if (facts.durationSeconds !== undefined) return Math.round(facts.durationSeconds * 1000) / 1000
  return facts.sizeBytes ?? facts.codec ?? facts.format ?? ''
}
