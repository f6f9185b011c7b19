import { createCore } from '../../core/create-core.ts'
import type { RemoteOptions } from '../../core/create-remote.ts'
import type { KeyDescription } from '../../../shared/api/keys.ts'
import { StudioError } from '../../../shared/errors.ts'
import type { EngineId } from '../../../shared/model/engine.ts'
import { usageError } from './arguments.ts'
import { call } from './call.ts'
import type { CommandContext } from './context.ts'
import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { readSecrets } from './standard-input.ts'

/** Saves, tests or forgets a key. It is read from standard input, and only its fingerprint is ever told. */
export async function keysCommand(
  context: CommandContext,
  verb: 'set' | 'test' | 'delete',
  engine: EngineId,
  remote: RemoteOptions,
): Promise<ExitCode> {
  const { json, output, texts, ending } = context
  const { t } = texts
  const [key = ''] = verb === 'set' ? await readSecrets([t('cli.keys.prompt')], ending) : []
  if (verb === 'set' && key.trim() === '') throw usageError('Standard input must have the key.')
  const core = await createCore(context.ports('live'), { startsQueue: false, remote })
  try {
    if (verb === 'set') {
      const { trimmed, ...description } = await call(core, 'keys.set', { engine, key })
      // This process ends now, and the key with it.
      if (description.state === 'session') throw new StudioError('E-KEY-NO-STORE', { params: { reason: 'command' } })
      tell(description)
      if (!json) {
        if (trimmed) output.note(t('cli.keys.trimmed'))
        output.line(t('cli.keys.saved', { ...description }))
      }
    } else if (verb === 'test') {
      const description = await call(core, 'keys.test', { engine })
      tell(description)
      if (!json) {
        output.line(t('cli.keys.works', { ...description, where: t(`cli.keys.where.${description.state}`) }))
        if (description.balance !== undefined) output.line(t('cli.keys.balance', { ...description.balance }))
      }
    } else {
      const description = await call(core, 'keys.delete', { engine })
      tell(description)
      if (!json) output.line(t(description.state === 'environment' ? 'cli.keys.environment' : 'cli.keys.deleted'))
    }
    return EXIT.done
  } finally {
    await core.stop()
  }

  function tell({ engine, state, fingerprint, balance }: KeyDescription): void {
    if (!json) return
    const known = {
      ...(fingerprint === undefined ? {} : { fingerprint }),
      ...(balance === undefined ? {} : { balance }),
    }
    output.event({ event: 'key', engine, state, ...known })
  }
}
