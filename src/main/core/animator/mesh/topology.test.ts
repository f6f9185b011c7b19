import { describe, expect, it } from 'vitest'
import faceTriangles from './face-triangles.json' with { type: 'json' }
import { EYES, FACE_OVAL, LIPS } from './topology.ts'

const edgesOf = (triangles: readonly number[]): Map<string, number> => {
  const edges = new Map<string, number>()
  for (let t = 0; t < triangles.length; t += 3) {
    for (const [a, b] of [
      [0, 1],
      [1, 2],
      [2, 0],
    ] as const) {
      const key = [triangles[t + a], triangles[t + b]].toSorted((x, y) => Number(x) - Number(y)).join('-')
      edges.set(key, (edges.get(key) ?? 0) + 1)
    }
  }
  return edges
}

describe('the face mesh', () => {
  const edges = edgesOf(faceTriangles.triangles)
  const border = [...edges].filter(([, count]) => count === 1).map(([key]) => key)

  it('is one surface of 880 triangles over 468 points, whose only borders are the oval and the mouth', () => {
    expect(faceTriangles.triangles.length / 3).toBe(880)
    expect(Math.max(...faceTriangles.triangles)).toBe(467)
    expect(Math.max(...edges.values())).toBe(2)
    expect(border).toHaveLength(FACE_OVAL.length + 2 * (LIPS.upperInner.length - 1))
  })

  it('names the oval and the inner lips as the rows that close those borders', () => {
    const joined = (a: number, b: number): string => [a, b].toSorted((x, y) => x - y).join('-')
    FACE_OVAL.forEach((point, i) =>
      expect(border).toContain(joined(point, FACE_OVAL[(i + 1) % FACE_OVAL.length] as number)),
    )
    for (const row of [LIPS.upperInner, LIPS.lowerInner])
      row.slice(1).forEach((point, i) => expect(border).toContain(joined(row[i] as number, point)))
  })

  it('gives all rows of an eye the same nine columns', () => {
    for (const eye of EYES) for (const row of Object.values(eye)) expect(row).toHaveLength(9)
  })
})
