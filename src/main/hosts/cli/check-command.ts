import { openReadOnly } from '../../core/create-core.ts'
import type { RunRequest } from './arguments.ts'
import { call } from './call.ts'
import type { CommandContext } from './context.ts'
import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { checkFiles, pathsOfPairs, searchFaces, tellRest } from './precheck.ts'

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
    const named = new Set([...inputs, ...drivers])
    // A file that was named is looked into even when its name tells nothing: the check says what it is.
    const unknown = plan.leftOver.filter(({ path, reason }) => reason === 'unsupported' && named.has(path))
    const paths = new Set([...plan.files, ...unknown].map(({ path }) => path))
    for (const path of pathsOfPairs(plan)) paths.add(path)
    const amend = engine === 'offline' ? searchFaces(core) : undefined
    const results = await checkFiles(context, core, engine, [...paths], amend)
    const leftOver = plan.leftOver.filter(({ path }) => !paths.has(path))
    const { rejected } = await tellRest(context, core, engine, { leftOver, findings: plan.findings, named })
    const bad = results.filter(({ verdict }) => verdict === 'rejected').length
    if (!context.json) {
      const count = results.length + leftOver.length
      context.output.line(context.texts.t('cli.check.usable', { usable: results.length - bad, count }))
    }
    return bad > 0 || rejected || results.length === 0 ? EXIT.someFailed : EXIT.done
  } finally {
    await core.stop()
  }
}
