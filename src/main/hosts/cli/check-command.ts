import { openReadOnly } from '../../core/create-core.ts'
import type { RunRequest } from './arguments.ts'
import { call } from './call.ts'
import type { CommandContext } from './context.ts'
import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { checkFiles, searchFaces, tellLeftOvers } from './precheck.ts'
import { tellError } from './tell-error.ts'

/** Precheck only: no network, no key, no job, and no claim on the data folder. What has no partner is no fault here. */
export async function checkCommand(context: CommandContext, request: RunRequest): Promise<ExitCode> {
  const core = await openReadOnly(context.ports('read'))
  try {
    const { inputs, drivers, manifest, pairBy, recursive, engine } = request
    const plan = await call(core, 'batch.plan', {
      inputs,
      drivers,
      ...(manifest === undefined ? {} : { manifest }),
      pairBy,
      recursive,
    })
    const partnerless = new Set<string>(['unpaired', 'ambiguous'])
    const usable = plan.files.map(({ path }) => path)
    const named = new Set([...inputs, ...drivers])
    // A file that was named is looked into even when its name tells nothing: the check says what it is.
    const unknown = plan.leftOver.filter(({ path, reason }) => reason === 'unsupported' && named.has(path))
    const paths = [...new Set([...usable, ...unknown.map(({ path }) => path)])]
    const results = await checkFiles(context, core, engine, paths, engine === 'offline' ? searchFaces(core) : undefined)
    const others = plan.leftOver.filter(({ path, reason }) => !partnerless.has(reason) && !paths.includes(path))
    const { rejected } = await tellLeftOvers(context, core, engine, others, named)
    for (const { code, params } of plan.findings) {
      tellError(context, { code, params, chargeState: 'none', retryable: false })
    }
    const bad = results.filter(({ verdict }) => verdict === 'rejected').length
    if (!context.json) {
      context.output.line(
        context.texts.t('cli.check.usable', { usable: results.length - bad, count: results.length + others.length }),
      )
    }
    const faulty = bad > 0 || rejected || plan.findings.some(({ level }) => level === 'error')
    return faulty || results.length === 0 ? EXIT.someFailed : EXIT.done
  } finally {
    await core.stop()
  }
}
