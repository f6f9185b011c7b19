/**
 * The sample voices, spoken by free synthesisers: festival with the HTS voice slt in English, espeak-ng in Mandarin.
 * Debian packages: festival, festvox-us-slt-hts, espeak-ng, ffmpeg.
 */

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const english = 'Hello, and welcome. Choose a portrait, press the button, and watch it speak.'
/** Pinyin with tone numbers: espeak-ng 1.51 speaks made-up syllables when it is given Chinese characters. */
const mandarin =
  'ni3 hao3, huan1 ying2 shi3 yong4. qing3 xuan3 yi4 zhang1 xiao4 xiang4, rang4 ta1 kai1 kou3 shuo1 hua4.'

async function speakEnglish(folder: string): Promise<string> {
  const text = join(folder, 'english.txt')
  const wave = join(folder, 'english.wav')
  await writeFile(text, `${english}\n`)
  await run('text2wave', ['-eval', '(voice_cmu_us_slt_arctic_hts)', text, '-o', wave])
  return wave
}

async function speakMandarin(folder: string): Promise<string> {
  const wave = join(folder, 'mandarin.wav')
  const voice = ['-v', 'cmn-latn-pinyin+f2', '-s', '185', '-g', '1']
  await run('espeak-ng', [...voice, '-w', wave, mandarin])
  return wave
}

/** Levels the loudness, adds a short silence at both ends, and writes 16 kHz mono PCM without dates or tool names. */
async function finish(wave: string, soften: readonly string[], output: string): Promise<void> {
  const filters = ['highpass=f=70', ...soften, 'loudnorm=I=-19:TP=-2:LRA=7', 'adelay=150', 'apad=pad_dur=0.25']
  const format = ['-ar', '16000', '-ac', '1', '-c:a', 'pcm_s16le', '-bitexact', '-map_metadata', '-1']
  await run('ffmpeg', ['-v', 'error', '-y', '-i', wave, '-af', filters.join(','), ...format, output])
}

/** Writes voice-en.wav (5.2 s) and voice-zh.wav (6.2 s) into the folder. */
export async function makeVoices(outputFolder: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'liveportrait-voices-'))
  try {
    await finish(await speakEnglish(folder), [], join(outputFolder, 'voice-en.wav'))
    await finish(await speakMandarin(folder), ['lowpass=f=7000'], join(outputFolder, 'voice-zh.wav'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
