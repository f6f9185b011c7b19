import type { PaidEngine } from '../../fixtures/paid-vendors.ts'
import type { Call, Fault } from './fault-switch.ts'
import { createNthFaultRun, type Outcome } from './nth-fault-run.ts'

export type Sweep = { readonly calls: number; readonly runs: number; readonly violations: readonly string[] }

/**
 * What a busy machine can bring about by itself: while time runs faster, a stall of seconds is one of minutes, and a lost
 * operation is looked for in vain. Such a violation counts when it is there at a slower time, too; two charges, a false
 * result or a changed input always count.
 */
const BY_TIME = /: (I2|I7|I8|I12|settled|healed)\b/
const SLOW_FACTOR = 10

/** Every fault that fits every call, once and from then on; `takes` may choose among them. */
export async function sweepNthFaults(
  engine: PaidEngine,
  workers: number,
  takes: (fault: Fault, call: Call, calls: readonly Call[]) => boolean,
  tell: (line: string) => void,
): Promise<Sweep> {
  const runs = Array.from({ length: workers }, () => createNthFaultRun(engine))
  try {
    const [first] = runs
    const { calls, violations: undisturbed } = (await first?.run(null)) ?? { calls: [], violations: ['no worker'] }
    const faults = calls.flatMap((call) =>
      call.kinds
        .flatMap((kind) => [false, true].map((isSticky): Fault => ({ at: call.index, kind, isSticky })))
        .filter((fault) => takes(fault, call, calls)),
    )
    const violations = [...undisturbed]
    let next = 0
    let done = 0
    const work = async (run: (fault: Fault, factor?: number) => Promise<Outcome>) => {
      for (let fault = faults[next++]; fault !== undefined; fault = faults[next++]) {
        let { violations: found } = await run(fault)
        if (found.length > 0 && found.every((line) => BY_TIME.test(line))) {
          for (const line of found) tell(`once more at time x${SLOW_FACTOR}: ${line}`)
          found = (await run(fault, SLOW_FACTOR)).violations
        }
        for (const line of found) tell(line)
        violations.push(...found)
        if (++done % 100 === 0) tell(`${done} of ${faults.length} runs, ${violations.length} violations`)
      }
    }
    await Promise.all(runs.map(({ run }) => work(run)))
    return { calls: calls.length, runs: done, violations }
  } finally {
    for (const { stop } of runs) stop()
  }
}

/** Whether a call belongs to the paid request, from the intent to the stored id. */
export function isAroundSubmit(call: Call, calls: readonly Call[]): boolean {
  const from = calls.findIndex(({ name }) => name.startsWith('INSERT INTO submit_attempts'))
  const accepted = calls.findIndex(({ name }) => name.startsWith("UPDATE submit_attempts SET outcome = 'accepted'"))
  return call.index > from - 1 && call.index <= accepted + 8
}
