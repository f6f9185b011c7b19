import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Output } from '../../shared/api/index.ts'
import type { Pair } from '../../shared/model/batch.ts'
import { ENGINE_LIMITS } from '../../shared/model/limits.ts'
import type { Media } from './media/media.ts'

/** The bundled portraits and voices, every portrait with every voice. */
export async function findSamples(
  samplesDir: string,
  media: Media,
  signal?: AbortSignal,
): Promise<Output<'batch.samples'>> {
  const names = (await readdir(samplesDir)).filter((name) => /\.(png|jpe?g|wav|mp3)$/i.test(name)).toSorted()
  const inputs = names.map((name) => join(samplesDir, name))
  const checks = await Promise.all(inputs.map((path) => media.check(path, ENGINE_LIMITS.offline, signal)))
  const ofKind = (kind: 'image' | 'audio') => checks.filter((result) => result.kind === kind)
  const pairs: Pair[] = ofKind('image').flatMap(({ path: source }) =>
    ofKind('audio').map(({ path: voice }) => ({ source, voice, folder: '' })),
  )
  return { inputs, pairs, checks }
}
