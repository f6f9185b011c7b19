import type { CheckResult } from '../../../shared/model/media.ts'
import { openReadOnly } from '../../core/create-core.ts'
import type { RunRequest } from './arguments.ts'
import { call } from './call.ts'
import type { CommandContext } from './context.ts'
import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { findInPairs } from './pair-findings.ts'
import { MAX_FACE_SEARCHES, checkFiles, pathsOfPairs, searchFaces, tellRest } from './precheck.ts'

/** Above this many files only headers are read: to decode them all takes minutes, and each job does it anyway. */
const MAX_DEEP_CHECKS = 200

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
    const pictures = plan.files.filter(({ kind }) => kind === 'image').length
    const looksForFaces = engine === 'offline' && pictures <= MAX_FACE_SEARCHES
    const withFaces = looksForFaces ? searchFaces(core) : undefined
    const withPairs = findInPairs(engine, request.parameters, plan.pairs)
    const amend = async (result: CheckResult) => withPairs((await withFaces?.(result)) ?? result)
    const deep = paths.size <= MAX_DEEP_CHECKS
    const results = await checkFiles(context, core, engine, [...paths], amend, deep)
    const leftOver = plan.leftOver.filter(({ path }) => !paths.has(path))
    const { rejected } = await tellRest(context, core, engine, { leftOver, findings: plan.findings, named })
    const bad = results.filter(({ verdict }) => verdict === 'rejected').length
    if (!context.json) {
      const count = results.length + leftOver.length
      context.output.line(context.texts.t('cli.check.usable', { usable: results.length - bad, count }))
      if (engine === 'offline' && !looksForFaces) context.output.note(context.texts.t('cli.check.facesLater'))
    }
    return bad > 0 || rejected || results.length === 0 ? EXIT.someFailed : EXIT.done
  } finally {
    await core.stop()
  }
}
