import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { MOUTH_CLASSES } from '../../src/main/core/animator/voice/mouth-classes.ts'
import type { Phone } from './lip-figures.ts'

/** A synthesizer's words with the times of their phones. The text is unknown to the mouth model, and so are the speakers but for those of festival and flite. */
export type LabelledVoice = {
  readonly name: string
  readonly path: string
  readonly language: 'en' | 'zh'
  /** 16 kHz, mono. */
  readonly samples: Float32Array
  readonly phones: readonly Phone[]
}

const HEADER_BYTES = 44
const folder = resolve(import.meta.dirname, '../../tests/fixtures/voice')

const labelSchema = z.object({
  language: z.enum(['en', 'zh']),
  segments: z.array(z.tuple([z.number(), z.number(), z.string(), z.enum(MOUTH_CLASSES)])),
})

/** 16-bit samples of a WAV file with the plain header. */
export const readWav = (path: string): Float32Array => {
  const bytes = readFileSync(path).subarray(HEADER_BYTES)
  return Float32Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(i * 2) / 32_768)
}

/** Every voice of tests/fixtures/voice (made by scripts/voice-model/fixtures.py). */
export const labelledVoices = (): LabelledVoice[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.wav'))
    .map((file) => {
      const path = join(folder, file)
      const { language, segments } = labelSchema.parse(JSON.parse(readFileSync(path.replace(/wav$/, 'json'), 'utf8')))
      const phones = segments.map(([start, end, name, mouth]) => ({ start, end, name, mouth }))
      return { name: file.replace(/\.wav$/, ''), path, language, samples: readWav(path), phones }
    })
