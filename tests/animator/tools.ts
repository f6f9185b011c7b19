import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { copyModels } from '../../scripts/copy-models.mjs'

const root = resolve(import.meta.dirname, '../..')

const FFMPEG_BUILDS = ['/usr/bin/ffmpeg', join(root, 'node_modules/@ffmpeg-installer/linux-x64/ffmpeg')].filter(
  (path) => existsSync(path),
)

export const tools = {
  ffmpegPath: FFMPEG_BUILDS[0] ?? 'ffmpeg',
  ffprobePath:
    ['/usr/bin/ffprobe', join(root, 'node_modules/@ffprobe-installer/linux-x64/ffprobe')].find((path) =>
      existsSync(path),
    ) ?? 'ffprobe',
}

export const sample = (name: string): string => join(root, 'resources/samples', name)

/** A folder with the checked model files; made once, then only verified. */
export const modelsDir = (): string => {
  const folder = join(root, 'out/models')
  copyModels(folder)
  return folder
}

/** A file of the shared test media, or undefined where that folder does not exist. */
export const sharedMedia = (name: string): string | undefined => {
  const path = resolve(root, '../shared/media', name)
  return existsSync(path) ? path : undefined
}
