/**
 * The geometry of the sample portraits: smooth curves through a few points, and ribbons along them.
 * Local units: x to the right, y down, the eye line at y = 0, a cheek about 145 from the middle, the chin near y = 240.
 */

export type Point = readonly [x: number, y: number]
export type Line = readonly Point[]
/** Width along a ribbon: t runs 0..1 from its start to its end, the result is a share of the full width. */
export type Profile = (t: number) => number

/** Reads `'x,y x,y ...'`, the notation of an SVG polyline. Throws a RangeError on anything else. */
export function points(text: string): Point[] {
  return text.split(' ').map((pair) => {
    const [x, y, extra] = pair.split(',').map(Number)
    if (x === undefined || y === undefined || extra !== undefined || Number.isNaN(x + y)) throw new RangeError(pair)
    return [x, y]
  })
}

/** The element at an index, held inside the list. Throws a RangeError on an empty list. */
export function at<T>(list: readonly T[], index: number): T {
  const found = list[Math.max(0, Math.min(list.length - 1, index))]
  if (found === undefined) throw new RangeError('empty list')
  return found
}

/** `side` 1 keeps the line (the viewer's right), -1 mirrors it to the viewer's left. */
export function onSide(line: Line, side: number): Point[] {
  return line.map(([x, y]) => [x * side, y])
}

export function shifted(line: Line, dx: number, dy: number): Point[] {
  return line.map(([x, y]) => [x + dx, y + dy])
}

/** A whole outline from its right half, which runs from the top centre to the bottom centre. */
export function symmetric(half: Line): Point[] {
  return [...half, ...onSide(half.slice(1, -1).toReversed(), -1)]
}

const text = (value: number): string => (Math.round(value * 100) / 100).toString()

function bezier(before: Point, from: Point, to: Point, after: Point): string {
  const numbers = [
    from[0] + (to[0] - before[0]) / 6,
    from[1] + (to[1] - before[1]) / 6,
    to[0] - (after[0] - from[0]) / 6,
    to[1] - (after[1] - from[1]) / 6,
    to[0],
    to[1],
  ]
  return `C${numbers.map(text).join(' ')}`
}

function openPath(line: Line, first: 'M' | 'L'): string {
  const [x, y] = at(line, 0)
  const pieces = line
    .slice(1)
    .map((_, i) => bezier(at(line, i - 1), at(line, i), at(line, i + 1), at(line, i + 2)))
    .join('')
  return `${first}${text(x)} ${text(y)}${pieces}`
}

/** A Catmull-Rom curve through the points, as SVG path data. */
export function curve(line: Line): string {
  return openPath(line, 'M')
}

/** A closed Catmull-Rom curve. A body that leaves the picture needs points below its edge, else it dents there. */
export function closed(line: Line): string {
  const n = line.length
  const around = (i: number): Point => at(line, (i + n) % n)
  const pieces = line.map((_, i) => bezier(around(i - 1), around(i), around(i + 1), around(i + 2))).join('')
  const [x, y] = at(line, 0)
  return `M${text(x)} ${text(y)}${pieces}Z`
}

/** The area between two lines that run the same way; the corners stay sharp, as in an eye or a lip. */
export function between(upper: Line, lower: Line): string {
  return `${curve(upper)}${openPath(lower.toReversed(), 'L')}Z`
}

function catmullRom(line: Line, index: number, u: number, axis: 0 | 1): number {
  const a = at(line, index - 1)[axis]
  const b = at(line, index)[axis]
  const c = at(line, index + 1)[axis]
  const d = at(line, index + 2)[axis]
  const slope = (c - a) * u
  const bend = (2 * a - 5 * b + 4 * c - d) * u * u
  return 0.5 * (2 * b + slope + bend + (3 * b - a - 3 * c + d) * u * u * u)
}

/** The same curve as `steps` + 1 points, evenly spread over its control points. */
export function resampled(line: Line, steps: number): Point[] {
  const spans = line.length - 1
  return Array.from({ length: steps + 1 }, (_, k) => {
    const t = (k / steps) * spans
    const index = Math.min(spans - 1, Math.floor(t))
    return [catmullRom(line, index, t - index, 0), catmullRom(line, index, t - index, 1)]
  })
}

const pointedAtBothEnds: Profile = (t) => Math.sin(Math.PI * Math.min(1, t)) ** 0.6

/** A ribbon of changing width along a line: a strand of hair, a lash line, the line between the lips. */
export function ribbon(line: Line, width: number, profile: Profile = pointedAtBothEnds): string {
  const sides = line.map(([x, y], i) => {
    const [ax, ay] = at(line, i - 1)
    const [bx, by] = at(line, i + 1)
    const length = Math.hypot(bx - ax, by - ay) || 1
    const half = (width / 2) * profile(i / (line.length - 1))
    const nx = (-(by - ay) / length) * half
    const ny = ((bx - ax) / length) * half
    return { left: [x + nx, y + ny], right: [x - nx, y - ny] } satisfies Record<string, Point>
  })
  return between(
    sides.map(({ left }) => left),
    sides.map(({ right }) => right),
  )
}

/** A line part-way (`u` 0..1) between neighbouring guide lines of equal length. */
export function blended(guides: readonly Line[], u: number): Point[] {
  const t = u * (guides.length - 1)
  const index = Math.min(guides.length - 2, Math.floor(t))
  const share = t - index
  const next = at(guides, index + 1)
  return at(guides, index).map(([x, y], i) => {
    const [nx, ny] = at(next, i)
    return [x * (1 - share) + nx * share, y * (1 - share) + ny * share]
  })
}
