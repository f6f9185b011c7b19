import { basename } from 'node:path'
import type { Pair } from '../../../shared/model/batch.ts'
import type { EngineId, Parameters } from '../../../shared/model/engine.ts'
import { ENGINE_PARAMETERS, defaultParameters } from '../../../shared/model/parameters.ts'
import type { CheckResult } from '../../../shared/model/media.ts'
import { examineSync } from '../../../shared/lib/length-and-sync.ts'
import { call } from './call.ts'
import type { Callable } from './call.ts'

/**
 * Adds what is to be said of a source and its driver together (length, rate, sound, traps among the parameters) to the
 * later one of the two; the same is said once, in however many pairs it holds.
 */
export function findInPairs(
  engine: EngineId,
  parameters: Parameters,
  pairs: readonly Pair[],
): (result: CheckResult) => CheckResult {
  const known = new Map<string, CheckResult>()
  const told = new Set<string>()
  const common = { ...defaultParameters(ENGINE_PARAMETERS[engine]), ...parameters }
  return (result) => {
    known.set(result.path, result)
    const findings = pairs.flatMap((pair) => {
      if (pair.driver === undefined || (pair.source !== result.path && pair.driver !== result.path)) return []
      const [source, driver] = [known.get(pair.source), known.get(pair.driver)]
      if (source === undefined || driver === undefined) return []
      return examineSync({
        engine,
        source: clipOf(source),
        driver: clipOf(driver),
        parameters: { ...common, ...pair.parameters },
      }).map(({ finding }) => finding)
    })
    const fresh = findings.filter((finding) => {
      const words = JSON.stringify(finding)
      if (told.has(words)) return false
      told.add(words)
      return true
    })
    return fresh.length === 0 ? result : { ...result, findings: [...result.findings, ...fresh] }
  }
}

const clipOf = ({ path, facts }: CheckResult) => ({ path, file: basename(path), facts })

/** A rate and then a length: no pair needs more copies. */
const MAX_COPIES = 3

/**
 * The same pairs, with copies in the place of clips whose rate or length stands against them: what `--repair` allows. The
 * files themselves stay as they are. Throws E-INPUT-*, E-TOOL-*, E-DISK-FULL.
 */
export async function fitPairs(
  core: Callable<'media.check' | 'media.fitVideo'>,
  engine: EngineId,
  parameters: Parameters,
  pairs: readonly Pair[],
): Promise<Pair[]> {
  const common = { ...defaultParameters(ENGINE_PARAMETERS[engine]), ...parameters }
  const fit = async (pair: Pair): Promise<Pair> => {
    let fitted = pair
    for (let round = 0; round < MAX_COPIES; round++) {
      if (fitted.driver === undefined) return fitted
      const { results } = await call(core, 'media.check', { engine, paths: [fitted.source, fitted.driver] })
      const [source, driver] = results
      if (source?.verdict !== 'ok' || driver?.verdict !== 'ok') return fitted
      const own = { ...common, ...pair.parameters }
      const found = examineSync({ engine, source: clipOf(source), driver: clipOf(driver), parameters: own })
      const fix = found.flatMap(({ fixes }) => fixes).find(({ kind }) => kind === 'copy')
      if (fix?.kind !== 'copy') return fitted
      const path = fitted[fix.role] ?? fitted.source
      fitted = { ...fitted, [fix.role]: (await call(core, 'media.fitVideo', { path, fix: fix.copy })).path }
    }
    return fitted
  }
  const all: Pair[] = []
  for (const pair of pairs) all.push(await fit(pair))
  return all
}
