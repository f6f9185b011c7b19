import type { Handlers } from '../../shared/api/index.ts'
import { StudioError } from '../../shared/errors.ts'
import type { KeyDescription } from '../../shared/api/keys.ts'
import type { EngineId } from '../../shared/model/engine.ts'
import type { Money } from '../../shared/model/job.ts'
import type { RemoteEngine } from './engines/engine.ts'
import type { EngineRegistry } from './engines/registry.ts'
import type { HttpClient } from './lib/http-client.ts'
import type { RemoteAccess } from './pipeline/remote-access.ts'
import type { Clock } from './ports.ts'
import { readSecret } from './secrets/read-secret.ts'
import type { SecretStore } from './secrets/secret-store.ts'

type KeyDependencies = {
  readonly engines: EngineRegistry
  readonly secrets: SecretStore
  readonly access: RemoteAccess
  readonly http: HttpClient
  readonly clock: Clock
  /** Aborted when the core stops. */
  readonly signal: AbortSignal
  /** A key was set or taken away: what stood still for the want of one may go on. */
  readonly changed: (engine: EngineId) => void
}

type KeyHandlers = Pick<Handlers, 'keys.describe' | 'keys.set' | 'keys.test' | 'keys.delete'>

/** Keys of the paid engines: they go in and are used, and only their fingerprints come out. */
export function createKeyHandlers(dependencies: KeyDependencies): KeyHandlers {
  const { engines, secrets, access, http, clock, signal, changed } = dependencies
  const balances = new Map<EngineId, Money>()
  const describe = (engine: EngineId): KeyDescription => {
    const known = secrets.describe(engine)
    const balance = known.state === 'missing' ? undefined : balances.get(engine)
    return { engine, ...known, ...(balance === undefined ? {} : { balance }) }
  }

  const remoteEngine = (id: EngineId): RemoteEngine => {
    const remote = engines.all.flatMap((engine) => (engine.kind === 'remote' ? [engine] : []))
    const engine = remote.find((candidate) => candidate.id === id)
    if (engine !== undefined) return engine
    const choices = remote.map((candidate) => candidate.id).join(', ')
    throw new StudioError('E-PARAM-RANGE', { params: { name: 'engine', value: id, choices, reason: 'choice' } })
  }

  async function tryKey(engine: RemoteEngine, credential: string): Promise<void> {
    const lent = { signal, http, endpoint: access.endpoint(engine), credential, clock }
    balances.delete(engine.id)
    if (engine.balance === undefined) return engine.testKey(lent)
    // The same free call shows both.
    const balance = await engine.balance(lent)
    if (balance !== null) balances.set(engine.id, balance)
  }

  return {
    'keys.describe': async () => ({
      keys: engines.all.filter(({ kind }) => kind === 'remote').map(({ id }) => describe(id)),
    }),

    'keys.set': async ({ engine: id, key }) => {
      const engine = remoteEngine(id)
      const { secret, trimmed } = readSecret(engine.vendorName, key)
      engine.inspectKey(secret)
      const { loopbackOrigin } = access.endpoint(engine)
      if (loopbackOrigin !== undefined) {
        throw new StudioError('E-CONFIG-INSECURE', {
          params: { name: `${id} URL`, value: loopbackOrigin, reason: 'stored-key' },
        })
      }
      await tryKey(engine, secret)
      const saved = await secrets.set(id, secret)
      changed(id)
      return { ...describe(id), ...saved, trimmed }
    },

    'keys.test': async ({ engine: id }) => {
      const engine = remoteEngine(id)
      const { secret } = await access.credential(id)
      engine.inspectKey(secret)
      await tryKey(engine, secret)
      changed(id)
      return describe(id)
    },

    'keys.delete': async ({ engine }) => {
      await secrets.delete(engine)
      changed(engine)
      return describe(engine)
    },
  }
}
