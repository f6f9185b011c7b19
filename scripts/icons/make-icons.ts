/**
 * Makes every icon file from resources/icons/icon.svg: `node scripts/icons/make-icons.ts`.
 * The results are committed, so that packaging fetches no conversion tools.
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { appleIcon, appleSides, type IconImage, windowsIcon } from './containers.ts'

const root = join(import.meta.dirname, '../..')
const windowsSides = [16, 24, 32, 48, 64, 128, 256]
/** Below this side the empty margin around the tile is cut off: there every pixel counts. */
const smallestWithMargin = 48

async function draw(svg: string, sidePixels: number): Promise<IconImage> {
  const shown =
    sidePixels < smallestWithMargin ? svg.replace('viewBox="0 0 1024 1024"', 'viewBox="40 40 944 944"') : svg
  // Drawn at four times the size and reduced: the edges of small icons stay even.
  const large = await sharp(Buffer.from(shown), { density: Math.max(72, (72 * sidePixels * 4) / 1024) })
    .resize(sidePixels, sidePixels, { kernel: 'lanczos3' })
    .png({ compressionLevel: 9 })
    .toBuffer()
  const rgba = await sharp(large).ensureAlpha().raw().toBuffer()
  return { sidePixels, png: large, rgba }
}

const svg = await readFile(join(root, 'resources/icons/icon.svg'), 'utf8')
const sides = [...new Set([...windowsSides, ...appleSides])].toSorted((a, b) => a - b)
const images = await Promise.all(sides.map((side) => draw(svg, side)))
const large = images.find(({ sidePixels }) => sidePixels === 1024)
if (!large) throw new RangeError('no picture of 1024 pixels')

await mkdir(join(root, 'build/icons'), { recursive: true })
await writeFile(join(root, 'resources/icons/icon.png'), large.png)
await writeFile(join(root, 'build/icon.png'), large.png)
await writeFile(
  join(root, 'build/icon.ico'),
  windowsIcon(images.filter(({ sidePixels }) => windowsSides.includes(sidePixels))),
)
await writeFile(join(root, 'build/icon.icns'), appleIcon(images))
for (const { sidePixels, png } of images) {
  // What Linux wants, ready made.
  if (sidePixels <= 512) await writeFile(join(root, `build/icons/${sidePixels}x${sidePixels}.png`), png)
  // What hangs at the pointer while a result is dragged out.
  if (sidePixels === 64) await writeFile(join(root, 'resources/icons/drag.png'), png)
}
console.log('wrote resources/icons/{icon,drag}.png, build/icons, build/icon.png, build/icon.ico, build/icon.icns')
