import { basename } from 'node:path'
import type { Pair } from '../../../shared/model/batch.ts'
import type { EngineId, Parameters } from '../../../shared/model/engine.ts'
import { ENGINE_PARAMETERS, defaultParameters } from '../../../shared/model/parameters.ts'
import type { CheckResult } from '../../../shared/model/media.ts'
import { examineSync } from '../../../shared/lib/length-and-sync.ts'

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
