/**
 * Makes the sample portraits and voices: `node scripts/samples/make-samples.ts [folder]` (default resources/samples).
 * The results are committed; this is where they come from. CHROMIUM_PATH names another browser than /usr/bin/chromium.
 */

import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { drawMan } from './man.ts'
import { renderPictures } from './render.ts'
import { makeVoices } from './voices.ts'
import { drawWoman } from './woman.ts'

const folder = resolve(process.argv[2] ?? join(import.meta.dirname, '../../resources/samples'))
const chromiumPath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
const portraits = { 'portrait-woman.jpg': drawWoman(), 'portrait-man.jpg': drawMan() }

await mkdir(folder, { recursive: true })
const images = await renderPictures(Object.values(portraits), chromiumPath)
for (const [index, name] of Object.keys(portraits).entries()) {
  const image = images[index]
  if (image) await writeFile(join(folder, name), image)
}
await makeVoices(folder)
console.log(`wrote ${Object.keys(portraits).join(', ')}, voice-en.wav, voice-zh.wav to ${folder}`)
