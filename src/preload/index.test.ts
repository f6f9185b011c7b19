import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

type Bridge = {
  readonly call: (method: unknown, input: unknown) => Promise<unknown>
  readonly onEvent: (listener: (...values: unknown[]) => void) => () => void
  readonly pathForFile: (file: File) => string
}
const exposed = new Map<string, unknown>()
const listeners = new Map<string, Set<(...values: unknown[]) => void>>()
const invoked: unknown[][] = []

beforeEach(async () => {
  exposed.clear()
  listeners.clear()
  invoked.length = 0
  vi.resetModules()
  vi.doMock('electron', () => ({
    contextBridge: { exposeInMainWorld: (name: string, api: unknown) => exposed.set(name, api) },
    ipcRenderer: {
      invoke: (...values: unknown[]) => {
        invoked.push(values)
        return Promise.resolve('reply')
      },
      on: (channel: string, listener: (...values: unknown[]) => void) =>
        listeners.set(channel, (listeners.get(channel) ?? new Set()).add(listener)),
      off: (channel: string, listener: (...values: unknown[]) => void) => listeners.get(channel)?.delete(listener),
    },
    webUtils: { getPathForFile: (file: File) => `/home/me/${file.name}` },
  }))
  await import('./index.ts')
})
afterEach(() => {
  vi.doUnmock('electron')
})
const bridge = () => exposed.get('studio') as Bridge

describe('the page gets', () => {
  it('one object with three functions, and nothing else', () => {
    expect([...exposed.keys()]).toEqual(['studio'])
    expect(Object.keys(bridge()).toSorted()).toEqual(['call', 'onEvent', 'pathForFile'])
    for (const value of Object.values(bridge())) expect(typeof value).toBe('function')
  })

  it('calls through one channel', async () => {
    expect(await bridge().call('jobs.list', { limit: 1 })).toBe('reply')
    expect(invoked).toEqual([['api:call', 'jobs.list', { limit: 1 }]])
  })

  it('events without the object they came with, until it stops listening', () => {
    const heard: unknown[][] = []
    const stop = bridge().onEvent((...values) => heard.push(values))
    const tell = () =>
      listeners.get('api:event')?.forEach((listener) => listener({ sender: 'ipcRenderer' }, { name: 'x' }))
    tell()
    stop()
    tell()
    expect(heard).toEqual([[{ name: 'x' }]])
    expect([...listeners.keys()]).toEqual(['api:event'])
  })

  it('the path of a file it was given', () => {
    expect(bridge().pathForFile(new File(['x'], 'anna.png'))).toBe('/home/me/anna.png')
  })
})

it('the built script can run in the sandbox: it asks for nothing but electron', () => {
  const built = readFileSync('out/preload/index.cjs', 'utf8')
  const asked = [...built.matchAll(/\brequire\((["'`])([^"'`]+)\1\)/g)].map(([, , name]) => name)
  expect(asked).toEqual(['electron'])
  expect(built).not.toMatch(/^(import|export) /m)
})
