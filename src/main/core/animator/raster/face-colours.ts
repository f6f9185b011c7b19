import { along, pointOf, type HeadFrame } from '../mesh/head-frame.ts'
import { channelsOf, lightOf, luminance, saturationOf, type Rgb } from './colour.ts'
import { readClamped, type Texture } from './texture.ts'

const meanColour = (colours: readonly number[]): Rgb => {
  const mean = (c: 0 | 1 | 2): number =>
    colours.reduce((sum, colour) => sum + channelsOf(colour)[c], 0) / Math.max(1, colours.length)
  return [mean(0), mean(1), mean(2)]
}

const byLight = (colours: readonly number[]): number[] => colours.toSorted((a, b) => luminance(a) - luminance(b))

/** Usual colour of the skin round some mesh points: five places at each, without the darkest and the brightest of them. */
export const skinColour = ({ points }: HeadFrame, texture: Texture, indices: readonly number[]): Rgb => {
  const colours = indices.flatMap((index) => {
    const x = 2 * ((points[index * 3] as number) - texture.rect.left)
    const y = 2 * ((points[index * 3 + 1] as number) - texture.rect.top)
    return [-6, 0, 6].flatMap((dx) =>
      [-6, 0, 6].filter((dy) => dx === 0 || dy === 0).map((dy) => readClamped(texture, x + dx, y + dy)),
    )
  })
  const cut = Math.floor(0.3 * colours.length)
  return meanColour(byLight(colours).slice(cut, -cut))
}

/** Corners of the eyes, and how many of the places between them are taken for the whites. */
const EYE_CORNERS = [
  [33, 133],
  [263, 362],
] as const
const WHITE_PLACES = 6

/** Colour of the whites of the eyes: the brightest places that are less coloured than the skin; half-coloured skin where there are none. */
export const eyeWhites = ({ points }: HeadFrame, texture: Texture, skin: Rgb): Rgb => {
  const places = EYE_CORNERS.flatMap(([outer, inner]) =>
    Array.from({ length: 19 }, (_, k) => {
      const share = (k + 1) / 20
      const [x, y] = along(along([0, 0, 0], pointOf(points, outer), 1 - share), pointOf(points, inner), share)
      return readClamped(texture, 2 * (x - texture.rect.left), 2 * (y - texture.rect.top))
    }),
  )
  const pale = places.filter((colour) => saturationOf(channelsOf(colour)) < saturationOf(skin))
  if (pale.length < WHITE_PLACES) return skin.map((value) => (value + lightOf(skin)) / 2) as unknown as Rgb
  return meanColour(byLight(pale).slice(-WHITE_PLACES))
}
