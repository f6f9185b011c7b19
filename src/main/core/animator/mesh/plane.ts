/** A place in a picture, px. */
export type Point = readonly [x: number, y: number]

/** Place of the point `index` of a mesh, three numbers each. */
export const pointAt = (points: Float32Array, index: number): Point => [
  points[index * 3] as number,
  points[index * 3 + 1] as number,
]

/**
 * Axes in a picture: offsets count from (x, y), u along the unit vector (ax, ay), v at right angles, down where that is right; `length` is
 * that of the line they were laid along, px. Made by the two functions below alone: with one shape for all, reading them costs nothing.
 */
export type Axes = {
  readonly x: number
  readonly y: number
  readonly ax: number
  readonly ay: number
  readonly length: number
}

/** Axes from the middle between two places through both. */
export const axesThrough = ([x0, y0]: Point, [x1, y1]: Point): Axes => {
  const length = Math.hypot(x1 - x0, y1 - y0) || 1
  return axesAt([(x0 + x1) / 2, (y0 + y1) / 2], { ax: (x1 - x0) / length, ay: (y1 - y0) / length, length })
}

/** Axes of the same direction from another place. */
export const axesAt = ([x, y]: Point, { ax, ay, length }: Omit<Axes, 'x' | 'y'>): Axes => ({ x, y, ax, ay, length })

/** Offset of a place along the axes and across them; as single numbers for loops over pixels, in which a pair costs too much. */
export const uOf = ({ x, y, ax, ay }: Axes, px: number, py: number): number => (px - x) * ax + (py - y) * ay
export const vOf = ({ x, y, ax, ay }: Axes, px: number, py: number): number => (py - y) * ax - (px - x) * ay
export const offsetOf = (axes: Axes, [px, py]: Point): Point => [uOf(axes, px, py), vOf(axes, px, py)]

/** Place of an offset. */
export const xOf = ({ x, ax, ay }: Axes, u: number, v: number): number => x + u * ax - v * ay
export const yOf = ({ y, ax, ay }: Axes, u: number, v: number): number => y + u * ay + v * ax
export const placeOf = (axes: Axes, u: number, v: number): Point => [xOf(axes, u, v), yOf(axes, u, v)]

export type Bounds = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }

/** The smallest box round all places. */
export const boundsOf = (places: readonly Point[]): Bounds => {
  const [xs, ys] = [places.map(([x]) => x), places.map(([, y]) => y)]
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) }
}
