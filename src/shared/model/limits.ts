import type { EngineId } from './engine.ts'
import type { MediaLimits } from './media.ts'

const MIB = 1_048_576
const CLIP_FORMATS = ['mp4', 'mov', 'avi', 'mkv', 'webm', 'flv', 'wmv', 'mpeg']

/** Engines that follow a driving video by its time; the others pair frames one to one, whatever the rates. */
export const FOLLOWS_TIME: Readonly<Record<EngineId, boolean>> = { offline: true, dashscope: false, segmind: false }

/** What each engine takes: data, so that a check needs no key and no network. Vendor rows: contracts, section 2 (DashScope) and 4 (Segmind). */
export const ENGINE_LIMITS: Readonly<Record<EngineId, MediaLimits>> = {
  offline: {
    image: {
      formats: ['jpeg', 'png', 'bmp', 'webp', 'gif', 'tiff', 'avif', 'heic'],
      maxSizeBytes: 50 * MIB,
      maxSide: 8192,
    },
    audio: {
      formats: ['wav', 'mp3', 'flac', 'm4a', 'ogg', 'opus', 'aac', 'w64', 'aiff'],
      maxSizeBytes: 500 * MIB,
      minSeconds: 0.2,
      maxSeconds: 1800,
    },
    video: { formats: CLIP_FORMATS, maxSizeBytes: 4096 * MIB, warnSeconds: 60 },
  },
  dashscope: {
    goesByName: true,
    image: {
      formats: ['jpeg', 'png', 'bmp', 'webp'],
      maxSizeBytes: 10 * MIB,
      noteSizeBytes: 10_000_000,
      maxSide: 4096,
      maxRatio: 2,
      uprightPixels: true,
    },
    audio: {
      formats: ['wav', 'mp3'],
      wavCodecs: ['pcm_u8', 'pcm_s16le', 'pcm_s24le', 'pcm_s32le'],
      maxSizeBytes: 15 * MIB,
      noteSizeBytes: 15_000_000,
      minSeconds: 1,
      maxSeconds: 180,
    },
  },
  segmind: {
    video: {
      formats: CLIP_FORMATS,
      maxSizeBytes: 4096 * MIB,
      warnUploadBytes: 25 * MIB,
      warnSide: 1920,
      warnSeconds: 60,
    },
  },
}
