import { createCore } from '../../core/create-core.ts'
import type { Output } from '../../../shared/api/index.ts'
import { StudioError } from '../../../shared/errors.ts'
import { errorSentence } from '../../../shared/lib/error-sentence.ts'
import { call } from './call.ts'
import type { CommandContext } from './context.ts'
import { EXIT, exitCodeOfError } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { errorLine } from './lines.ts'
import type { StorageOptions } from './program.ts'
import { readSecrets } from './standard-input.ts'
import { tellError } from './tell-error.ts'

/** Sets, tests or forgets the user's own bucket. Its secrets come on standard input, or out of the environment. */
export async function storageCommand(
  context: CommandContext,
  verb: 'set' | 'test' | 'delete',
  options: StorageOptions,
): Promise<ExitCode> {
  const { json, output, texts, ending } = context
  const { t } = texts
  const ports = context.ports('live')
  const isGiven = ['STUDIO_S3_ACCESS_KEY_ID', 'STUDIO_S3_SECRET_ACCESS_KEY'].every(
    (name) => (ports.env[name] ?? '') !== '',
  )
  const secrets =
    verb === 'set' && !isGiven
      ? await readSecrets([t('cli.keys.promptAccess'), t('cli.keys.promptSecret')], ending)
      : []
  const core = await createCore(ports, { startsQueue: false })
  try {
    if (verb === 'delete') {
      await call(core, 'storage.delete', {})
      if (json) output.event({ event: 'storage', config: null })
      else output.line(t('cli.storage.deleted'))
      return EXIT.done
    }
    if (verb === 'test') return tellVerdict(context, await call(core, 'storage.test', {}))
    const [accessKeyId, secretAccessKey] = secrets
    const { bucket = '', allowPublic = false, preset, endpoint, region, prefix, pathStyle } = options
    const state = await call(core, 'storage.set', {
      bucket,
      acceptPublic: allowPublic,
      ...(preset === undefined ? {} : { preset }),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
      ...(prefix === undefined ? {} : { prefix }),
      ...(pathStyle === undefined ? {} : { pathStyle }),
      ...(accessKeyId === undefined || secretAccessKey === undefined ? {} : { accessKeyId, secretAccessKey }),
    })
    if (!json && state.verdict.ok) output.line(t('cli.storage.set', { ...state.config }))
    const code = tellVerdict(context, state)
    if (!state.verdict.ok && !json) output.note(t('cli.storage.notSaved'))
    if (!state.verdict.ok || state.secret.state !== 'session') return code
    // This process ends now, and the secrets with it.
    throw new StudioError('E-KEY-NO-STORE', { params: { reason: 'command' } })
  } finally {
    await core.stop()
  }
}

function tellVerdict(context: CommandContext, state: Output<'storage.test'>): ExitCode {
  const { json, output, texts, english } = context
  const { config, secret, blocked, verdict } = state
  const { ok, passed, error, warning } = verdict
  if (json) {
    const line = (data: typeof error) => (data === undefined ? undefined : errorLine(english, data))
    output.event({ event: 'storage', config, secret, blocked, ok, passed, error: line(error), warning: line(warning) })
  } else {
    if (ok) {
      const checks = passed.map((check) => texts.t(`cli.storage.check.${check}`)).join(', ')
      output.line(texts.t('cli.storage.ok', { bucket: config?.bucket ?? '', checks }))
    }
    if (warning !== undefined) {
      const { message, action } = errorSentence(texts.t, texts.exists, warning)
      output.note(`${message} ${action}`.trimEnd())
    }
    if (error !== undefined) tellError(context, error)
  }
  return error === undefined ? EXIT.done : exitCodeOfError(error.code)
}
