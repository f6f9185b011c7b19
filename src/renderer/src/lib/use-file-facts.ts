import type { CheckResult, MediaFacts } from '../../../shared/model/media.ts'
import type { EngineId } from '../../../shared/model/engine.ts'
import { checkOf } from '../stores/media-store.ts'
import { formatBytes, formatLength } from './format.ts'
import { useMedia, useStudio } from './studio.tsx'

/** What is known of a file so far. */
export function useCheck(engine: EngineId, path: string | undefined): CheckResult | undefined {
  return useMedia((state) => (path === undefined ? undefined : checkOf(state, engine, path)))
}

/** A small picture of a file, once it has been looked at and is a picture. */
export function useThumbnailUrl(check: CheckResult | undefined): string | undefined {
  const { client } = useStudio()
  return check !== undefined && (check.kind === 'image' || check.kind === 'video') && check.facts.width !== undefined
    ? client.mediaUrl('thumbnail', check.mediaId)
    : undefined
}

/** `1200 × 1600 · JPEG · 640 kB`, or `7.3s · WAV`: what applies. */
export function factsLine({ durationSeconds, width, height, format, sizeBytes }: MediaFacts, language: string): string {
  return [
    width !== undefined && height !== undefined ? `${String(width)} × ${String(height)}` : undefined,
    durationSeconds === undefined ? undefined : formatLength(durationSeconds, language),
    format?.toUpperCase(),
    sizeBytes === undefined ? undefined : formatBytes(sizeBytes, language),
  ]
    .filter((part) => part !== undefined)
    .join(' · ')
}
