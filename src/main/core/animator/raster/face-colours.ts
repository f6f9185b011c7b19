import { mix } from '../mesh/easing.ts'
import type { HeadFrame } from '../mesh/head-frame.ts'
import { EYES } from '../mesh/topology.ts'
import { channelsOf, lightOf, luminance, saturationOf, type Rgb } from './colour.ts'
import { readClamped, type Texture } from './texture.ts'

/** Where a mesh point lies in the texture, texels. */
export const texelOf = ({ points }: HeadFrame, { rect }: Texture, index: number): readonly [number, number] => [
  2 * ((points[index * 3] as number) - rect.left),
  2 * ((points[index * 3 + 1] as number) - rect.top),
]

const meanColour = (colours: readonly number[]): Rgb => {
  const mean = (c: 0 | 1 | 2): number =>
    colours.reduce((sum, colour) => sum + channelsOf(colour)[c], 0) / Math.max(1, colours.length)
  return [mean(0), mean(1), mean(2)]
}

const byLight = (colours: readonly number[]): number[] => colours.toSorted((a, b) => luminance(a) - luminance(b))

/** Usual colour of the skin round some mesh points: five places at each, without the darkest and the brightest of them. */
export const skinColour = (frame: HeadFrame, texture: Texture, indices: readonly number[]): Rgb => {
  const colours = indices.flatMap((index) => {
    const [x, y] = texelOf(frame, texture, index)
    return [-6, 0, 6].flatMap((dx) =>
      [-6, 0, 6].filter((dy) => dx === 0 || dy === 0).map((dy) => readClamped(texture, x + dx, y + dy)),
    )
  })
  const cut = Math.floor(0.3 * colours.length)
  return meanColour(byLight(colours).slice(cut, -cut))
}

/** How many of the places between the eyes' corners are taken for the whites. */
const WHITE_PLACES = 6

/** Colour of the whites of the eyes: the brightest places that are less coloured than the skin; half-coloured skin where there are none. */
export const eyeWhites = (frame: HeadFrame, texture: Texture, skin: Rgb): Rgb => {
  const places = EYES.flatMap(({ upper }) => {
    const [from, to] = [texelOf(frame, texture, upper[0] as number), texelOf(frame, texture, upper[8] as number)]
    return Array.from({ length: 19 }, (_, k) =>
      readClamped(texture, mix(from[0], to[0], (k + 1) / 20), mix(from[1], to[1], (k + 1) / 20)),
    )
  })
  const pale = places.filter((colour) => saturationOf(channelsOf(colour)) < saturationOf(skin))
  if (pale.length < WHITE_PLACES) return skin.map((value) => mix(value, lightOf(skin), 0.5)) as unknown as Rgb
  return meanColour(byLight(pale).slice(-WHITE_PLACES))
}
