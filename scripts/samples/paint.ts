/** SVG text for the sample portraits: soft shapes, gradients, clips. Every function returns a fragment that stands alone. */

import { closed, curve, type Line, points } from './geometry.ts'

/** `opacity` 0..1; `blur` is a Gaussian's standard deviation in local units. */
export type Look = {
  opacity?: number
  blur?: number
  /** Degrees, around the centre of an ellipse. */
  rotate?: number
  shift?: readonly [dx: number, dy: number]
  dashes?: string
}
/** Offset 0..1, colour, and opacity where it is not whole. */
export type Stop = readonly [offset: number, colour: string, opacity?: number]

function lookAttributes({ opacity, blur, shift, dashes }: Look): string {
  return [
    opacity === undefined ? '' : ` opacity="${Number(opacity.toFixed(4))}"`,
    blur === undefined ? '' : ` filter="url(#blur-${blur})"`,
    shift ? ` transform="translate(${shift.join(',')})"` : '',
    dashes ? ` stroke-dasharray="${dashes}"` : '',
  ].join('')
}

export function fill(path: string, paint: string, look: Look = {}): string {
  return `<path d="${path}" fill="${paint}"${lookAttributes(look)}/>`
}

export function stroke(path: string, paint: string, width: number, look: Look = {}): string {
  const style = `stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"`
  return `<path d="${path}" fill="none" stroke="${paint}" ${style}${lookAttributes(look)}/>`
}

/** A blurred line through points in the notation of `points`: a tendon, a collar bone, a fold. */
export function softLine(text: string, paint: string, width: number, opacity: number, blur: number): string {
  return stroke(curve(points(text)), paint, width, { opacity, blur })
}

export function ellipse(cx: number, cy: number, rx: number, ry: number, paint: string, look: Look = {}): string {
  const turn = look.rotate === undefined ? '' : ` transform="rotate(${look.rotate} ${cx} ${cy})"`
  return `<ellipse cx="${cx}" cy="${cy}" rx="${rx}" ry="${ry}" fill="${paint}"${turn}${lookAttributes(look)}/>`
}

/** Draws `content` only inside the closed outline. The id must be used once in a picture. */
export function clipped(id: string, outline: string, content: string): string {
  return `<clipPath id="${id}"><path d="${outline}"/></clipPath><g clip-path="url(#${id})">${content}</g>`
}

/** A painted shape with shading that cannot leave it. */
export function shaded(id: string, outline: Line, paint: string, shading: string): string {
  const path = closed(outline)
  return fill(path, paint) + clipped(id, path, shading)
}

export function turned(degrees: number, content: string): string {
  return `<g transform="rotate(${degrees} 0 240)">${content}</g>`
}

function stopText(stops: readonly Stop[]): string {
  return stops
    .map(([offset, colour, opacity]) => {
      const alpha = opacity === undefined ? '' : ` stop-opacity="${opacity}"`
      return `<stop offset="${offset}" stop-color="${colour}"${alpha}/>`
    })
    .join('')
}

type From = readonly [x: number, y: number]

export function linearGradient(id: string, [x1, y1]: From, [x2, y2]: From, stops: readonly Stop[]): string {
  const place = `gradientUnits="userSpaceOnUse" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"`
  return `<linearGradient id="${id}" ${place}>${stopText(stops)}</linearGradient>`
}

export function radialGradient(id: string, [cx, cy]: From, radius: number, stops: readonly Stop[]): string {
  const place = `gradientUnits="userSpaceOnUse" cx="${cx}" cy="${cy}" r="${radius}"`
  return `<radialGradient id="${id}" ${place}>${stopText(stops)}</radialGradient>`
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((i) => Number.parseInt(colour.slice(i, i + 2), 16))
}

/** A colour between two `#rrggbb`; `share` 0 is the first. */
export function mixed(first: string, second: string, share: number): string {
  const other = channels(second)
  const result = channels(first).map((value, i) => Math.round(value + ((other[i] ?? value) - value) * share))
  return `#${result.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}

/**
 * The whole picture, 1024 x 1024. The blur filters are gathered from what the content uses, because a reference to a missing
 * filter draws a hard-edged shape without any error; their region is in user space, else large blurs are cut off.
 */
export function picture(content: string): string {
  const used = new Set([...content.matchAll(/url\(#blur-([\d.]+)\)/g)].map((match) => match[1]))
  const region = 'filterUnits="userSpaceOnUse" x="-480" y="-480" width="960" height="1060"'
  const filters = [...used].map(
    (blur) => `<filter id="blur-${blur}" ${region}><feGaussianBlur stdDeviation="${blur}"/></filter>`,
  )
  // The face detector's score rises steeply with the size of the face: .87 at 1.15, .91 at this scale.
  const place = 'translate(512 446) scale(1.2)'
  return `<svg xmlns="http://www.w3.org/2000/svg" width="1024" height="1024" viewBox="0 0 1024 1024"><g transform="${place}">${filters.join('')}${content}</g></svg>`
}

/** A rectangle that covers the whole picture. */
export function backdrop(paint: string): string {
  return `<rect x="-460" y="-400" width="920" height="930" fill="${paint}"/>`
}
