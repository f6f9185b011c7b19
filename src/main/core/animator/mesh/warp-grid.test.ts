import { describe, expect, it } from 'vitest'
import { gridAt, invertField, warpGridOf } from './warp-grid.ts'

const grid = warpGridOf(320, 240, 224)
const field = (value: (x: number, y: number) => number): Float32Array =>
  Float32Array.from({ length: grid.columns * grid.rows }, (_, node) =>
    value((node % grid.columns) * grid.spacing, Math.floor(node / grid.columns) * grid.spacing),
  )
const all = { i0: 0, j0: 0, i1: grid.columns - 1, j1: grid.rows - 1 }

describe('the warp grid', () => {
  it('covers the whole picture', () => {
    expect((grid.columns - 1) * grid.spacing).toBeGreaterThanOrEqual(319)
    expect((grid.rows - 1) * grid.spacing).toBeGreaterThanOrEqual(239)
  })

  it('reads a linear field exactly between nodes', () => {
    const plane = field((x, y) => 0.5 * x - 0.25 * y)
    expect(gridAt(grid, plane, 100.3, 77.7)).toBeCloseTo(0.5 * 100.3 - 0.25 * 77.7, 3)
  })

  it('inverts a bump of 20 px within a twentieth of a pixel', () => {
    const bump = (x: number, y: number): number => Math.exp(-((x - 160) ** 2 + (y - 120) ** 2) / 3600)
    const forwardX = field((x, y) => 12 * bump(x, y))
    const forwardY = field((x, y) => 16 * bump(x, y))
    const backX = field(() => 0)
    const backY = field(() => 0)
    invertField(grid, all, [forwardX, forwardY], [backX, backY])
    let worst = 0
    for (let node = 0; node < backX.length; node++) {
      const x = (node % grid.columns) * grid.spacing
      const y = Math.floor(node / grid.columns) * grid.spacing
      const sx = x + (backX[node] as number)
      const sy = y + (backY[node] as number)
      const landed = Math.hypot(sx + gridAt(grid, forwardX, sx, sy) - x, sy + gridAt(grid, forwardY, sx, sy) - y)
      worst = Math.max(worst, landed)
    }
    expect(worst).toBeLessThan(0.05)
  })

  it('inverts rest to rest exactly', () => {
    const none = field(() => 0)
    const backX = field(() => 1)
    const backY = field(() => 1)
    invertField(grid, all, [none, none], [backX, backY])
    expect(backX.every((value) => value === 0) && backY.every((value) => value === 0)).toBe(true)
  })
})
