import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { copyModels } from '../../scripts/copy-models.mjs'
import { ffmpegPath, ffprobePath } from '../fixtures/media-tools.ts'

const root = resolve(import.meta.dirname, '../..')

export const tools = { ffmpegPath, ffprobePath }

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
