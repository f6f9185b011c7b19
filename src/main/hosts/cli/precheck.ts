import { isAbsolute } from 'node:path'
import type { ErrorCode } from '../../../shared/errors.ts'
import type { LeftOver, Pair } from '../../../shared/model/batch.ts'
import type { EngineId } from '../../../shared/model/engine.ts'
import type { CheckResult, Finding } from '../../../shared/model/media.ts'
import { call } from './call.ts'
import type { Callable } from './call.ts'
import type { CommandContext } from './context.ts'
import { checkLine, findingMessage } from './lines.ts'
import { tellError } from './tell-error.ts'
import { showName } from '../../../shared/lib/error-sentence.ts'

const PATHS_A_CALL = 100
/** Above this many pictures the search for faces is left to the jobs: it takes a tenth of a second each. */
export const MAX_FACE_SEARCHES = 50

/** Why a file that was seen is not used, in the closed list of codes; null where it was rightly passed over. */
const LEFT_OVER_CODES: Readonly<Record<LeftOver['reason'], ErrorCode | null>> = {
  unpaired: 'E-INPUT-UNPAIRED',
  ambiguous: 'E-INPUT-UNPAIRED',
  unsupported: 'E-INPUT-TYPE',
  special: 'E-INPUT-NOT-FILE',
  'invalid-name': 'E-INPUT-NOT-FILE',
  unreadable: 'E-INPUT-PERMISSION',
  vanished: 'E-INPUT-MISSING',
  duplicate: 'E-INPUT-DUPLICATE',
  hidden: null,
  symlink: null,
  'too-deep': null,
  output: null,
}

/** Every file of any pair once. */
export function pathsOfPairs(plan: { readonly pairs: readonly Pair[] }): string[] {
  return [...new Set(plan.pairs.flatMap(({ source, voice, driver }) => [source, voice ?? driver ?? source]))]
}

/** Checks files against an engine's limits and tells each one; `deep` decodes them as well. Gives what was found, in order. */
export async function checkFiles(
  context: CommandContext,
  core: Callable<'media.check'>,
  engine: EngineId,
  paths: readonly string[],
  amend: (result: CheckResult) => Promise<CheckResult> = (result) => Promise.resolve(result),
  deep = false,
): Promise<CheckResult[]> {
  const found: CheckResult[] = []
  for (let at = 0; at < paths.length && !context.ending.aborted; at += PATHS_A_CALL) {
    const { results } = await call(core, 'media.check', { engine, paths: paths.slice(at, at + PATHS_A_CALL), deep })
    for (const result of results) {
      const amended = await amend(result)
      found.push(amended)
      tellCheck(context, amended)
    }
  }
  return found
}

/** Adds the face search to the check of a portrait: no face is an error, several are a warning. */
export function searchFaces(core: Callable<'media.faces'>) {
  return async (result: CheckResult): Promise<CheckResult> => {
    if (result.kind !== 'image' || result.verdict === 'rejected') return result
    const { faces } = await call(core, 'media.faces', { path: result.path })
    const facts = { ...result.facts, faces: faces.length }
    if (faces.length === 1) return { ...result, facts }
    const finding: Finding =
      faces.length === 0
        ? { code: 'E-INPUT-NO-FACE', level: 'error', params: {} }
        : { code: 'W-FACES', level: 'warning', params: {}, value: faces.length, limit: 0 }
    const verdict = faces.length === 0 ? 'rejected' : result.verdict
    return {
      ...result,
      facts,
      verdict,
      findings: [...result.findings.filter(({ code }) => code !== finding.code), finding],
    }
  }
}

/**
 * Tells every file that takes no part, with its reason, and what else the plan found. Files that were named themselves,
 * or that look like media, are errors; other files in a folder are only noted. Gives the number of unpaired ones and
 * whether any was an error.
 */
export async function tellRest(
  context: CommandContext,
  core: Callable<'media.check'>,
  engine: EngineId,
  rest: {
    readonly leftOver: readonly LeftOver[]
    readonly findings: readonly Finding[]
    readonly named: ReadonlySet<string>
  },
): Promise<{ unpaired: number; rejected: boolean }> {
  const { leftOver, findings, named } = rest
  let unpaired = 0
  let rejected = findings.some(({ level }) => level === 'error')
  const told = new Set<string>()
  for (const finding of findings) {
    const { file } = finding.params
    if (typeof file !== 'string' || !isAbsolute(file)) {
      const { code, params } = finding
      tellError(context, { code, params, chargeState: 'none', retryable: false })
      continue
    }
    told.add(file)
    const verdict = finding.level === 'error' ? 'rejected' : 'ok'
    tellCheck(context, { path: file, kind: 'other', verdict, facts: {}, findings: [finding] })
  }
  for (const { path, reason } of leftOver) {
    if (context.ending.aborted) break
    const code = LEFT_OVER_CODES[reason]
    if (code === 'E-INPUT-UNPAIRED') {
      unpaired += 1
      const finding: Finding = { code, level: 'error', params: reason === 'ambiguous' ? { reason } : {} }
      await checkFiles(context, core, engine, [path], (result) =>
        Promise.resolve({ ...result, findings: [...result.findings, finding] }),
      )
      continue
    }
    if (told.has(path)) continue
    const isError = code !== null && reason !== 'duplicate' && (named.has(path) || reason !== 'unsupported')
    rejected ||= isError
    const finding: Finding =
      code === null
        ? { code: 'W-NOTE', level: 'note', params: { reason: 'passed-over', value: reason } }
        : { code, level: isError ? 'error' : 'note', params: paramsOf(reason) }
    tellCheck(context, { path, kind: 'other', verdict: 'rejected', facts: {}, findings: [finding] })
  }
  return { unpaired, rejected }
}

function paramsOf(reason: LeftOver['reason']): Finding['params'] {
  if (reason === 'unsupported') return { reason: 'unknown' }
  if (reason === 'invalid-name') return { reason: 'name' }
  return {}
}

export function tellCheck(context: CommandContext, result: Omit<CheckResult, 'mediaId'>): void {
  const { json, output, texts, english, tellsEveryFile } = context
  if (json) return output.event(checkLine(english, result))
  if (!tellsEveryFile && result.findings.length === 0) return
  const write = tellsEveryFile ? output.line : output.note
  const isAlone = result.verdict === 'ok' && result.findings.some(({ code }) => code === 'E-INPUT-UNPAIRED')
  write(`${texts.t(`cli.verdict.${isAlone ? 'unpaired' : result.verdict}`)}  ${showName(result.path)}`)
  for (const finding of result.findings) write(`    ${findingMessage(texts, result.path, finding)}`)
}
