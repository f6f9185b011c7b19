import { readdirSync } from 'node:fs'
import { expect, it, vi } from 'vitest'

vi.mock('react', () => {
  throw new Error('a store reached React')
})

const STORES = [
  () => import('./desk-pairs.ts'),
  () => import('./desk-store.ts'),
  () => import('./jobs-store.ts'),
  () => import('./media-store.ts'),
  () => import('./rehearsal-store.ts'),
  () => import('./session-store.ts'),
  () => import('./view-store.ts'),
]

it('the core of stores has no React', async () => {
  for (const store of STORES) await expect(store()).resolves.toBeDefined()
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  expect(files).toHaveLength(STORES.length)
})
