/** From SVG text to the shipped JPEG: Chromium at twice the size, reduced, with a little grain against banding. */

import { chromium } from 'playwright-core'
import sharp from 'sharp'
import { seededChance } from './hair.ts'

const sidePixels = 1024

/** Adds the same small noise to all three channels of each pixel; `data` is changed. */
function addGrain(data: Buffer): void {
  const chance = seededChance(12345)
  for (let i = 0; i < data.length; i += 3) {
    const grain = (chance() + chance() + chance() - 1.5) * 3.2
    for (let channel = i; channel < i + 3; channel++) {
      data[channel] = Math.max(0, Math.min(255, Math.round(data.readUInt8(channel) + grain)))
    }
  }
}

async function toJpeg(screenshot: Buffer): Promise<Buffer> {
  const size = { width: sidePixels, height: sidePixels }
  const data = await sharp(screenshot)
    .resize(size.width, size.height, { kernel: 'lanczos3' })
    .removeAlpha()
    .raw()
    .toBuffer()
  addGrain(data)
  const image = sharp(data, { raw: { ...size, channels: 3 } })
  return image.jpeg({ quality: 90, chromaSubsampling: '4:4:4' }).toBuffer()
}

/** JPEGs of 1024 x 1024 in the order of the pictures. Needs a Chromium; other versions may differ in single pixels. */
export async function renderPictures(pictures: readonly string[], chromiumPath: string): Promise<Buffer[]> {
  const args = ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb']
  const browser = await chromium.launch({ executablePath: chromiumPath, args })
  try {
    const viewport = { width: sidePixels, height: sidePixels }
    const page = await browser.newPage({ viewport, deviceScaleFactor: 2 })
    const rendered: Buffer[] = []
    for (const svg of pictures) {
      await page.setContent(`<style>body{margin:0}svg{display:block}</style>${svg}`)
      rendered.push(await toJpeg(await page.screenshot()))
    }
    return rendered
  } finally {
    await browser.close()
  }
}
