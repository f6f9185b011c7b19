import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { StudioError } from '../../src/shared/errors.ts'
import { startNodeHelper } from '../../src/main/core/lib/helper-channel.ts'
import { openKeytar, type Keychain } from '../../src/main/core/secrets/keychain.ts'
import { createSecretStore, type SecretMarker, type SecretMarkers } from '../../src/main/core/secrets/secret-store.ts'
import { noBus, noSecretService, startSecretService, startSilentBus } from '../fixtures/secret-service.ts'
import type { SecretService } from '../fixtures/secret-service.ts'

const FIRST = 'sk-CANARYds0123456789abcdef'
const SECOND = 'sk-ws-0123456789abcdefghijklmnop'

function memoryMarkers(known: Record<string, SecretMarker> = {}): SecretMarkers {
  const markers = new Map(Object.entries(known))
  return {
    get: (account) => markers.get(account) ?? null,
    set: (account, marker) => void markers.set(account, marker),
    delete: (account) => void markers.delete(account),
  }
}

const keytar = (env: Readonly<Record<string, string>>) =>
  openKeytar({
    env: { ...process.env, ...env },
    entry: new URL('../../src/main/core/secrets/keychain-process.ts', import.meta.url),
    start: startNodeHelper,
  })

/** A store as one run of the program has it. `hurry` lets every time limit pass after so many milliseconds. */
function store(env: Readonly<Record<string, string>>, markers = memoryMarkers(), hurryMs = 60_000) {
  return createSecretStore({
    keychain: keytar(env),
    sealed: null,
    markers,
    environment: {},
    names: { dashscope: 'DashScope' },
    setTimer: (delayMs, action) => {
      const timer = setTimeout(action, Math.min(delayMs, hurryMs))
      return { cancel: () => clearTimeout(timer) }
    },
  })
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const thrown: unknown = await work.then(
    () => 'done',
    (error: unknown) => error,
  )
  return thrown instanceof StudioError ? thrown.code : String(thrown)
}

describe.skipIf(noSecretService !== null)(
  `a real Secret Service${noSecretService === null ? '' : ` (skipped: ${noSecretService})`}`,
  () => {
    let service: SecretService
    beforeAll(async () => {
      service = await startSecretService()
    })
    afterAll(() => service.stop())

    it('keeps a key over runs of the program, replaces it and forgets it', async () => {
      const markers = memoryMarkers()
      expect(await codeOf(store(service.env, markers).get('dashscope'))).toBe('E-KEY-MISSING')
      const saved = await store(service.env, markers).set('dashscope', FIRST)
      expect(saved.state).toBe('saved')
      expect(saved.fingerprint).toMatch(/^[0-9a-f]{8}$/)
      expect(await store(service.env, markers).get('dashscope')).toBe(FIRST)

      await store(service.env, markers).set('dashscope', SECOND)
      expect(await store(service.env, markers).get('dashscope')).toBe(SECOND)

      await store(service.env, markers).delete('dashscope')
      expect(store(service.env, markers).describe('dashscope')).toEqual({ state: 'missing' })
      expect(await codeOf(store(service.env, markers).get('dashscope'))).toBe('E-KEY-MISSING')
    })

    it('keeps a key of 100,000 bytes and one with quotes and backslashes', async () => {
      for (const secret of ['k'.repeat(100_000), '["AKIA\\"x","s/3+=\'$(id)"]']) {
        const markers = memoryMarkers()
        await store(service.env, markers).set('bucket', secret)
        expect(await store(service.env, markers).get('bucket')).toBe(secret)
      }
    })

    it('tells a locked keyring from a key that was never saved, changes nothing, and works again once unlocked', async () => {
      const markers = memoryMarkers()
      await store(service.env, markers).set('dashscope', FIRST)
      await service.restart(false)
      expect(await codeOf(store(service.env, markers).get('dashscope'))).toBe('E-KEY-LOCKED')
      expect(await codeOf(store(service.env, markers).set('dashscope', SECOND))).toBe('E-KEY-LOCKED')
      expect(await codeOf(store(service.env, markers).delete('dashscope'))).toBe('E-KEY-LOCKED')
      expect(await codeOf(store(service.env).set('segmind', 'SG_1'))).toBe('E-KEY-LOCKED')
      expect(await codeOf(store(service.env).get('segmind'))).toBe('E-KEY-MISSING')
      await service.restart(true)
      expect(await store(service.env, markers).get('dashscope')).toBe(FIRST)
    })

    it('says that something else took the key away', async () => {
      const markers = memoryMarkers()
      await store(service.env, markers).set('dashscope', FIRST)
      const keychain = keytar(service.env) as Keychain
      expect(await keychain.delete('dashscope')).toBe(true)
      const thrown: unknown = await store(service.env, markers)
        .get('dashscope')
        .catch((error: unknown) => error)
      expect(thrown).toMatchObject({ code: 'E-KEY-MISSING', data: { params: { reason: 'removed' } } })
    })
  },
)

describe('a system without a keychain that answers', () => {
  it('keeps a key for this session only where there is no bus, and says so', async () => {
    const markers = memoryMarkers()
    const session = store(noBus(), markers)
    expect(await session.set('dashscope', FIRST)).toMatchObject({ state: 'session' })
    expect(await session.get('dashscope')).toBe(FIRST)
    expect(session.describe('dashscope').state).toBe('session')
    expect(await codeOf(store(noBus(), markers).get('dashscope'))).toBe('E-KEY-MISSING')
  })

  it('says that there is no keychain when a key was saved in one before', async () => {
    const markers = memoryMarkers({ dashscope: { fingerprint: '01234567', where: 'keychain' } })
    expect(await codeOf(store(noBus(), markers).get('dashscope'))).toBe('E-KEY-NO-STORE')
  })

  it.skipIf(noSecretService !== null)('waits no longer than its limit for a bus that never answers', async () => {
    const bus = await startSilentBus()
    try {
      const markers = memoryMarkers({ dashscope: { fingerprint: '01234567', where: 'keychain' } })
      expect(await codeOf(store(bus.env, markers, 500).get('dashscope'))).toBe('E-KEY-TIMEOUT')
      expect(await codeOf(store(bus.env, markers, 500).set('dashscope', FIRST))).toBe('E-KEY-TIMEOUT')
    } finally {
      bus.stop()
    }
  })
})
