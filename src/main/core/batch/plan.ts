import { resolve } from 'node:path'
import type { Input, Output } from '../../../shared/api/index.ts'
import type { LeftOver, Pair } from '../../../shared/model/batch.ts'
import { ENGINE_PARAMETERS } from '../../../shared/model/parameters.ts'
import { readManifest } from './manifest.ts'
import { pairFiles } from './pair-files.ts'
import { scanInputs } from './scan.ts'

export type PlanOptions = {
  /** True for results that the job records know of under names of their own. */
  readonly isOutput?: (path: string) => boolean
  readonly signal?: AbortSignal
}

/** Every parameter of any engine once: a plan is made before an engine is chosen for good. */
const ALL_SPECS = [
  ...new Map(Object.values(ENGINE_PARAMETERS).flatMap((specs) => specs.map((spec) => [spec.key, spec]))).values(),
]

/** Looks at what was dropped and says which pairs it makes: the whole of `batch.plan`. */
export async function planBatch(input: Input<'batch.plan'>, options: PlanOptions = {}): Promise<Output<'batch.plan'>> {
  const { recursive = false, outputFolder, pairBy = 'name', manifest, drivers = [] } = input
  const scanOptions = { recursive, outputFolder, ...options }
  const seen = await scanInputs({ ...scanOptions, inputs: input.inputs })
  const driving = await scanInputs({ ...scanOptions, inputs: drivers })
  // What was named a driver is no source, even in a folder of sources.
  const named = new Set(driving.files.map(({ path }) => path))
  const found = { ...seen, files: seen.files.filter(({ path }) => !named.has(path)) }
  const files = [...found.files, ...driving.files]
  const findings = [...found.findings, ...driving.findings]
  const leftOver: LeftOver[] = [...found.leftOver, ...driving.leftOver]

  let pairs: Pair[]
  if (manifest === undefined) {
    const paired = pairFiles(found.files, driving.files, pairBy)
    pairs = paired.pairs
    leftOver.push(...paired.leftOver)
  } else {
    const roots = [...input.inputs, ...drivers].map((path) => resolve(path))
    const read = await readManifest({ path: resolve(manifest), roots, specs: ALL_SPECS })
    pairs = read.pairs
    findings.push(...read.findings)
    const named = new Set(pairs.flatMap(({ source, voice, driver }) => [source, voice, driver]))
    leftOver.push(
      ...files.filter(({ path }) => !named.has(path)).map(({ path }) => ({ path, reason: 'unpaired' as const })),
    )
  }
  const unique = withoutRepeats(pairs)
  findings.push(...unique.findings)
  return {
    pairs: unique.pairs,
    files: files.map(({ path, kind, folder }) => ({ path, kind, folder })),
    leftOver,
    findings,
  }
}

/** A pair named twice with the same parameters and place makes one result. */
function withoutRepeats(pairs: readonly Pair[]): Pick<Output<'batch.plan'>, 'pairs' | 'findings'> {
  const kept = new Map<string, Pair>()
  const findings: Output<'batch.plan'>['findings'] = []
  for (const pair of pairs) {
    const { source, voice, driver, folder, outName, parameters = {} } = pair
    const sorted = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1))
    const key = JSON.stringify([source, voice ?? null, driver ?? null, folder, outName ?? null, sorted])
    if (kept.has(key)) findings.push({ code: 'E-INPUT-DUPLICATE', level: 'warning', params: { file: source } })
    else kept.set(key, pair)
  }
  return { pairs: [...kept.values()], findings }
}
