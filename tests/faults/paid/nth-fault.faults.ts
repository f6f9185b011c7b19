import { expect, test } from 'vitest'
import { NTH_FACTOR } from './nth-fault-run.ts'
import { sweepNthFaults } from './nth-fault-sweep.ts'

/** `1/4`: every fourth call, beginning with the second one; for a part of a long run. */
const [offset = 0, every = 1] = (process.env['STUDIO_FAULTS_NTH'] ?? '0/1').split('/').map(Number)

test.each(['dashscope', 'segmind'] as const)(
  `one paid job at %s survives any one call that fails, once or from then on (time x${NTH_FACTOR})`,
  async (engine) => {
    const { calls, runs, violations } = await sweepNthFaults(
      engine,
      2,
      ({ at }) => (at - 1) % every === offset,
      (line) => process.stdout.write(`${line}\n`),
    )
    process.stdout.write(`nth fault, ${engine}: N = ${calls}, ${runs} runs, ${violations.length} violations\n`)
    expect(violations).toEqual([])
  },
)
