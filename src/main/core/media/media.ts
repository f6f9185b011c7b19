import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Logger } from 'pino'
import { z } from 'zod'
import { StudioError } from '../../../shared/errors.ts'
import { findingSchema } from '../../../shared/model/media.ts'
import type { CheckResult, Finding, MediaLimits, VideoFix } from '../../../shared/model/media.ts'
import type { Tools } from '../lib/find-tools.ts'
import { kindOfName } from '../lib/media-names.ts'
import type { Clock } from '../ports.ts'
import { lookAtFile, sameFingerprint, withFile } from './file-reader.ts'
import type { RegularFile } from './file-reader.ts'
import { inspectDeeply } from './deep-check.ts'
import { probeFile } from './ffprobe.ts'
import { startNodeHelper } from '../lib/helper-channel.ts'
import type { StartHelper } from '../lib/helper-channel.ts'
import { createHelperClient } from './helper-client.ts'
import { asProblem, inspectFile } from './inspect.ts'
import { INSPECTION_VERSION, inspectionSchema } from './inspection.ts'
import type { Fingerprint, Inspection, MediaCache, MediaRow } from './inspection.ts'
import { id3Bytes } from './mp3-frames.ts'
import { createPlaces } from './places.ts'
import { createRepairs } from './repair-all.ts'
import type { FindKeep, Repaired } from './repair-all.ts'
import { repairLossless } from './repair.ts'
import { sniffFormat } from './sniff-format.ts'
import { createVideoCopies } from './video-copies.ts'
import { isBeyondRepair, judge, largestSizeBytes, verdictOf } from './verdict.ts'

export type MediaDependencies = {
  readonly tools: Tools
  /** The script of the small process (`Paths.probeProcess`). */
  readonly probeProcess: URL
  /** How a host starts it; absent: with this process's own Node. */
  readonly startHelper?: StartHelper
  /** An empty folder of ours, made when absent, in which ffmpeg and ffprobe run: nothing lies there to be picked up. */
  readonly emptyFolder: string
  readonly cache: MediaCache
  /** A folder of ours for repaired copies of one run; whatever lies in it at the start may be removed. */
  readonly repairedDir: string
  /** What of a picture a crop must not cut off; absent: nothing is cut off. */
  readonly findKeep?: FindKeep
  readonly clock: Clock
  readonly logger: Logger
}

export type Media = {
  /**
   * Header check, ffprobe and verdict of one file; whatever is wrong with the file is a finding, never thrown. Cached
   * by path, size, modification time and inode. Throws E-TOOL-MISSING and the signal's reason.
   */
  readonly check: (path: string, limits: MediaLimits, signal?: AbortSignal) => Promise<CheckResult>
  /**
   * The later, slower pass over a file that passed `check`: every pixel and every sample is decoded. Adds
   * E-INPUT-CORRUPT for what does not decode to its end and W-NO-VOICE for sound without a voice. Cached as well.
   */
  readonly checkDeeply: (result: CheckResult, signal?: AbortSignal) => Promise<CheckResult>
  /** Makes the repairs that lose nothing, on a copy below `tempDir`; the source is never touched. `path` is the source when nothing was due. */
  readonly repairLossless: (
    result: CheckResult,
    limits: MediaLimits,
    tempDir: string,
    signal?: AbortSignal,
  ) => Promise<{ readonly path: string; readonly notes: readonly Finding[] }>
  /**
   * Makes every repair of a file whose verdict is `repairable`, on a copy below `tempDir`, and checks the copy against
   * the same limits to its end. The same contents and limits are repaired once. When the copy is not sound either,
   * `check` is the verdict that stands, with no repair to it. Throws E-TOOL-MISSING, E-DISK-FULL, the signal's reason.
   */
  readonly repairAll: (
    result: CheckResult,
    limits: MediaLimits,
    tempDir: string,
    signal?: AbortSignal,
  ) => Promise<Repaired>
  /** Throws E-INPUT-MISSING, E-INPUT-NOT-FILE, E-INPUT-PERMISSION, E-INPUT-UNAVAILABLE. */
  readonly fingerprint: (path: string) => Promise<Fingerprint>
  /** SHA-256 of the contents, hexadecimal. Throws as `fingerprint` does, and E-INPUT-CHANGED. */
  readonly contentHash: (path: string, signal?: AbortSignal) => Promise<string>
  /** A copy of a video at `target`, steady and whole, trimmed or repeated. Throws E-INPUT-*, E-TOOL-*, E-DISK-FULL. */
  readonly copyVideo: (path: string, fix: VideoFix, target: string, signal?: AbortSignal) => Promise<void>
  /** The picture of a video with the sound of another file, at `target`. Throws as `copyVideo` does. */
  readonly swapSound: (path: string, soundPath: string, target: string, signal?: AbortSignal) => Promise<void>
  /** A small upright JPEG of a picture or of a video's first frame (longest side at most `sidePx`) in `cacheDir`. Throws E-INPUT-CORRUPT and the like. */
  readonly thumbnail: (path: string, sidePx: number, cacheDir: string, signal?: AbortSignal) => Promise<string>
  /** The file behind an id that a check handed out, or null when unknown or changed since. */
  readonly resolve: (mediaId: string) => Promise<{ readonly path: string; readonly contentType: string } | null>
  readonly stop: () => void
}

/** Files that are open at once; ffprobe itself runs twice at once. */
const OPEN_FILES = 8
const PROBES_AT_ONCE = 2
const HEAD_BYTES = 65_536
const MAX_THUMBNAIL_SIDE = 1024

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  bmp: 'image/bmp',
  webp: 'image/webp',
  gif: 'image/gif',
  tiff: 'image/tiff',
  heic: 'image/heic',
  avif: 'image/avif',
  wav: 'audio/wav',
  mp3: 'audio/mpeg',
  flac: 'audio/flac',
  m4a: 'audio/mp4',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  aac: 'audio/aac',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
  mkv: 'video/x-matroska',
  avi: 'video/x-msvideo',
  flv: 'video/x-flv',
  wmv: 'video/x-ms-wmv',
  mpeg: 'video/mpeg',
  ogv: 'video/ogg',
}

export const contentTypeOf = (format: string): string => CONTENT_TYPES[format] ?? 'application/octet-stream'

/** Stable for one state of one file; not guessable without knowing path, size and time to the nanosecond. */
function mediaIdOf(path: string, fingerprint: Fingerprint): string {
  const { sizeBytes, mtimeNs } = fingerprint
  return createHash('sha256')
    .update(JSON.stringify([path, sizeBytes, mtimeNs]))
    .digest('base64url')
    .slice(0, 27)
}

/** The part of the core that knows what a file is, whatever it is called. */
export function createMedia(dependencies: MediaDependencies): Media {
  const { tools, probeProcess, emptyFolder, cache, clock, logger } = dependencies
  mkdirSync(emptyFolder, { recursive: true, mode: 0o700 })
  const start = dependencies.startHelper ?? startNodeHelper
  const probes = createHelperClient(start, probeProcess, PROBES_AT_ONCE)
  // Decoders hold memory; a process of their own keeps the prober small.
  const decoders = createHelperClient(start, probeProcess, 1)
  // A copy of a long video keeps no thumbnail waiting.
  const copiers = createHelperClient(start, probeProcess, 1)
  const places = createPlaces(OPEN_FILES)
  const ffmpegPath = () => {
    if (tools.ffmpeg === null)
      throw new StudioError('E-TOOL-MISSING', { params: { tool: 'ffmpeg', variable: 'FFMPEG_PATH' } })
    return tools.ffmpeg.path
  }

  const cached = (path: string, fingerprint: Fingerprint): MediaRow | null => {
    const row = cache.find(path)
    return row !== null && sameFingerprint(row, fingerprint) ? row : null
  }

  /** Reads a file whole enough to know it; null when `limits` say that it is too large to be looked at further. */
  const inspect = (file: RegularFile, name: string, limits: MediaLimits, signal?: AbortSignal) =>
    withFile(file, clock, async (reader): Promise<{ inspection: Inspection; isComplete: boolean }> => {
      const head = await reader.read(0, HEAD_BYTES)
      const tagBytes = id3Bytes(head, 0)
      const sniffed = await sniffFormat(head, tagBytes > 0 ? await reader.read(tagBytes, HEAD_BYTES) : null)
      const facts = { sizeBytes: reader.sizeBytes, format: sniffed.format }
      if (isBeyondRepair(sniffed.kind, reader.sizeBytes, limits)) {
        return { inspection: { version: INSPECTION_VERSION, ...sniffed, facts, problems: [] }, isComplete: false }
      }
      const probe = () => {
        if (tools.ffprobe === null) {
          throw new StudioError('E-TOOL-MISSING', { params: { tool: 'ffprobe', variable: 'FFPROBE_PATH' } })
        }
        return probeFile(probes, { path: tools.ffprobe.path, cwd: emptyFolder }, file.path, sniffed.format, signal)
      }
      return { inspection: await inspectFile({ file: reader, name, sniffed, probe, signal }), isComplete: true }
    })

  const unread = (path: string, name: string, findings: Finding[], sizeBytes?: number): CheckResult => ({
    mediaId: '',
    path,
    kind: kindOfName(name),
    verdict: verdictOf(findings),
    facts: sizeBytes === undefined ? {} : { sizeBytes },
    findings,
  })

  const check = async (path: string, limits: MediaLimits, signal?: AbortSignal): Promise<CheckResult> => {
    signal?.throwIfAborted()
    const name = basename(path)
    let file: RegularFile
    try {
      file = await lookAtFile(path, clock)
    } catch (thrown) {
      return unread(path, name, [asProblem(thrown, name)])
    }
    const { sizeBytes } = file.fingerprint
    const mediaId = mediaIdOf(path, file.fingerprint)
    if (sizeBytes === 0) {
      const finding: Finding = { code: 'E-INPUT-CORRUPT', level: 'error', params: { file: name, reason: 'empty' } }
      return { ...unread(path, name, [finding], 0), mediaId }
    }
    if (sizeBytes > largestSizeBytes(limits)) {
      const limit = limitForUnread(limits, name)
      const finding: Finding = {
        code: 'E-INPUT-TOO-LARGE',
        level: 'error',
        params: { file: name, value: sizeBytes, limit },
        value: sizeBytes,
        limit,
      }
      return { ...unread(path, name, [finding], sizeBytes), mediaId }
    }

    let inspection: Inspection
    const row = cached(path, file.fingerprint)
    const known = row === null ? null : parseInspection(row.inspection)
    if (known !== null) {
      inspection = known
    } else {
      try {
        const looked = await places.take(() => inspect(file, name, limits, signal), signal)
        inspection = looked.inspection
        if (looked.isComplete) {
          const fresh = {
            ...file.fingerprint,
            mediaId,
            path,
            inspection: JSON.stringify(inspection),
            deep: null,
            sha256: null,
          }
          if (!isPassing(inspection.problems)) cache.save(fresh)
        }
      } catch (thrown) {
        signal?.throwIfAborted()
        const finding = asProblem(thrown, name)
        logger.warn({ path, code: finding.code }, 'media check failed')
        return { ...unread(path, name, [finding], sizeBytes), mediaId }
      }
    }
    const findings = judge(inspection, name, limits)
    return { mediaId, path, kind: inspection.kind, verdict: verdictOf(findings), facts: inspection.facts, findings }
  }

  const checkDeeply = async (result: CheckResult, signal?: AbortSignal): Promise<CheckResult> => {
    if (result.verdict === 'rejected' || (result.kind !== 'image' && result.kind !== 'audio')) return result
    let file: RegularFile
    try {
      file = await lookAtFile(result.path, clock)
    } catch (thrown) {
      const findings = [...result.findings, asProblem(thrown, basename(result.path))]
      return { ...result, findings, verdict: verdictOf(findings) }
    }
    const row = cached(result.path, file.fingerprint)
    const known = parseFindings(row?.deep ?? null)
    const found =
      known ??
      (await inspectDeeply({ result, path: file.path, ffmpegPath: ffmpegPath(), emptyFolder, decoders, signal }))
    if (known === null && row !== null && !isPassing(found)) {
      const latest = cached(result.path, file.fingerprint)
      if (latest !== null) cache.save({ ...latest, deep: JSON.stringify(found) })
    }
    const findings = [...result.findings, ...found]
    return { ...result, findings, verdict: verdictOf(findings) }
  }

  const contentHash = async (path: string, signal?: AbortSignal): Promise<string> => {
    const file = await lookAtFile(path, clock)
    const row = cached(path, file.fingerprint)
    const kept = row?.sha256 ?? null
    if (kept !== null) return kept
    const sha256 = await withFile(file, clock, async (_, handle) => {
      const hash = createHash('sha256')
      // Not the stream's own signal: aborted before the first read, it would throw where nobody listens.
      for await (const chunk of handle.createReadStream({ start: 0, autoClose: false })) {
        signal?.throwIfAborted()
        hash.update(chunk as Buffer)
      }
      return hash.digest('hex')
    })
    // A file that changed while it was read has no hash worth keeping.
    const after = await lookAtFile(path, clock)
    if (!sameFingerprint(after.fingerprint, file.fingerprint)) {
      throw new StudioError('E-INPUT-CHANGED', { params: { file: basename(path) } })
    }
    if (row !== null) cache.save({ ...row, sha256 })
    return sha256
  }

  const repairs = createRepairs({
    check,
    checkDeeply,
    contentHash,
    decoders,
    ffmpegPath,
    emptyFolder,
    folder: dependencies.repairedDir,
    findKeep: dependencies.findKeep ?? null,
    logger,
  })

  const { copyVideo, swapSound, firstFrame } = createVideoCopies({ check, decoders, copiers, ffmpegPath, emptyFolder })

  return {
    check,
    checkDeeply,
    copyVideo,
    swapSound,
    repairAll: repairs.repair,
    repairLossless: (result, limits, tempDir, signal) =>
      repairLossless({ result, limits, tempDir, ffmpegPath, emptyFolder, decoders, signal }),
    fingerprint: async (path) => (await lookAtFile(path, clock)).fingerprint,
    contentHash,
    thumbnail: async (path, sidePx, cacheDir, signal) => {
      const file = await lookAtFile(path, clock)
      const side = Math.min(Math.max(1, Math.round(sidePx)), MAX_THUMBNAIL_SIDE)
      const target = join(cacheDir, `${mediaIdOf(path, file.fingerprint)}-${side}.jpg`)
      if (
        await stat(target).then(
          (stats) => stats.isFile(),
          () => false,
        )
      )
        return target
      await mkdir(cacheDir, { recursive: true, mode: 0o700 })
      const kind = parseInspection(cached(path, file.fingerprint)?.inspection ?? '')?.kind ?? kindOfName(path)
      if (kind === 'video') {
        await firstFrame(path, side, target, signal)
        return target
      }
      await decoders.ask({ task: 'thumbnail', path: file.path, ffmpegPath: ffmpegPath(), sidePx: side, target }, signal)
      return target
    },
    resolve: async (mediaId) => {
      const row = cache.findById(mediaId)
      if (row === null) return null
      const file = await lookAtFile(row.path, clock).catch(() => null)
      if (file === null || !sameFingerprint(file.fingerprint, row)) return null
      const format = parseInspection(row.inspection)?.format ?? ''
      return { path: row.path, contentType: contentTypeOf(format) }
    },
    stop: () => {
      probes.stop()
      decoders.stop()
      copiers.stop()
    },
  }
}

/** A finding that another try may not repeat is not kept. */
function isPassing(problems: readonly Finding[]): boolean {
  return problems.some(({ code }) => code.startsWith('E-TOOL-') || code === 'E-INPUT-UNAVAILABLE')
}

function limitForUnread(limits: MediaLimits, name: string): number {
  const kind = kindOfName(name)
  return (kind === 'other' ? undefined : limits[kind]?.maxSizeBytes) ?? largestSizeBytes(limits)
}

function parseInspection(json: string): Inspection | null {
  try {
    const parsed = inspectionSchema.safeParse(JSON.parse(json))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

function parseFindings(json: string | null): Finding[] | null {
  if (json === null) return null
  try {
    const parsed = z.array(findingSchema).safeParse(JSON.parse(json))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}
