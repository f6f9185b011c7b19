import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { StudioError } from '../../../shared/errors.ts'
import type { CheckResult, MediaLimits, VideoFix } from '../../../shared/model/media.ts'
import { asOutputError, isPartName } from '../lib/publish-file.ts'
import type { HelperClient } from './helper-client.ts'

type CopyDependencies = {
  readonly check: (path: string, limits: MediaLimits, signal?: AbortSignal) => Promise<CheckResult>
  /** For what takes a moment, and for what takes as long as a video does. */
  readonly decoders: HelperClient
  readonly copiers: HelperClient
  readonly ffmpegPath: () => string
  /** An empty folder. */
  readonly emptyFolder: string
}

/** Looks at anything; what an engine takes is not asked here. */
const NO_LIMITS: MediaLimits = { video: { formats: [], maxSizeBytes: Number.MAX_SAFE_INTEGER } }

/** Copies that are made of whole videos: they appear at their place complete or not at all. */
export function createVideoCopies({ check, decoders, copiers, ffmpegPath, emptyFolder: cwd }: CopyDependencies) {
  const look = async (path: string, hasSound: boolean, signal?: AbortSignal) => {
    const { kind, facts, findings } = await check(path, NO_LIMITS, signal)
    const broken = findings.find(({ code, level }) => level === 'error' && code !== 'E-INPUT-TYPE')
    if (broken !== undefined) throw new StudioError(broken.code, { params: broken.params })
    const isFit = hasSound ? facts.hasAudio === true : kind === 'video'
    if (!isFit) throw new StudioError('E-INPUT-NO-STREAM', { params: { file: basename(path) } })
    return { path, cwd, format: facts.format ?? '', ffmpegPath: ffmpegPath(), facts }
  }

  let parts = 0
  /** The same copy may be asked for twice at once. A target that is a temporary file of the caller's needs no other one. */
  async function whole(target: string, work: (part: string) => Promise<unknown>): Promise<void> {
    parts += 1
    const part = isPartName(basename(target)) ? target : `${target}.${process.pid}.${parts}.part`
    try {
      await mkdir(dirname(target), { recursive: true, mode: 0o700 })
      await work(part)
      await rename(part, target)
    } catch (thrown) {
      await rm(part, { force: true })
      throw asOutputError(thrown, dirname(target))
    }
  }

  return {
    copyVideo: async (path: string, fix: VideoFix, target: string, signal?: AbortSignal): Promise<void> => {
      const { facts: _, ...file } = await look(path, false, signal)
      await whole(target, (part) => copiers.ask({ task: 'copy-video', ...file, target: part, fix }, signal))
    },
    swapSound: async (path: string, soundPath: string, target: string, signal?: AbortSignal): Promise<void> => {
      const { facts, ...file } = await look(path, false, signal)
      const { format } = await look(soundPath, true, signal)
      const task = { task: 'swap-sound', ...file, sound: { path: soundPath, format } } as const
      const endSeconds = facts.durationSeconds ?? 0
      await whole(target, (part) => copiers.ask({ ...task, target: part, endSeconds }, signal))
    },
    firstFrame: async (path: string, sidePx: number, target: string, signal?: AbortSignal): Promise<void> => {
      const { facts: _, ...file } = await look(path, false, signal)
      await whole(target, (part) => decoders.ask({ task: 'first-frame', ...file, target: part, sidePx }, signal))
    },
  }
}
