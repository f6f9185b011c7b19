import { expect, test } from 'vitest'
import { NTH_FACTOR } from './paid/nth-fault-run.ts'
import { isAroundSubmit, sweepNthFaults } from './paid/nth-fault-sweep.ts'

/** All calls and all faults are `npm run test:faults`. */
test(
  `every call around a paid request may fail once, and nothing is paid twice or lost (time x${NTH_FACTOR})`,
  { timeout: 240_000 },
  async () => {
    const { calls, runs, violations } = await sweepNthFaults(
      'dashscope',
      2,
      ({ at, kind, isSticky }, call, all) =>
        // One of the faults that fit a call, another one at each call.
        !isSticky && isAroundSubmit(call, all) && kind === call.kinds[at % call.kinds.length],
      () => undefined,
    )
    process.stdout.write(`nth fault around the submit: N = ${calls}, ${runs} runs, ${violations.length} violations\n`)
    expect(runs).toBeGreaterThan(10)
    expect(violations).toEqual([])
  },
)
