import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { Charge } from '../../../src/main/simulator/ledger.ts'
import { jobSchema, type Job } from '../../../src/shared/model/job.ts'
import { tempFolder } from '../../fixtures/temp-folder.ts'
import { PAID_VENDORS, QUICK_VENDORS } from '../../fixtures/paid-vendors.ts'
import { makeVideo } from '../../fixtures/vendor-media.ts'
import { contentsOf, violations } from './invariants.ts'
import { startVendor } from './vendor.ts'

const KILLS = Number(process.env['STUDIO_FAULTS_KILLS'] ?? 300)
const JOBS = 50
const SEED = Number(process.env['STUDIO_FAULTS_SEED'] ?? 20_261_123)
/** An operation of the vendor's takes two minutes of the contract, so that kills fall into all of the batch. */
const FACTOR = 20
const WORK_MS = 90_000
const LONGEST_LIFE_MS = 4000

function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** The job whose inputs an operation was made of. */
function whose({ inputs = [] }: Charge, dataDir: string): string {
  const database = new DatabaseSync(join(dataDir, 'studio.sqlite'), { readOnly: true })
  try {
    const used = database.prepare(
      'SELECT job_id FROM object_uses JOIN stored_objects USING (object_id) WHERE object_key = ?',
    )
    return String(used.get(inputs[0] ?? '')?.['job_id'])
  } finally {
    database.close()
  }
}

test.each(['dashscope', 'segmind'] as const)(
  `${KILLS} kills at any time over batches of ${JOBS} jobs paid at %s (seed ${SEED}, time x${FACTOR})`,
  async (engine) => {
    const vendor = PAID_VENDORS[engine]
    const { hasList } = vendor
    const random = randomNumbers(SEED)
    const found: string[] = []
    let kills = 0
    for (let batch = 1; kills < KILLS; batch++) {
      const root = tempFolder()
      const [inputs, dataDir, output] = [join(root, 'in'), join(root, 'data'), join(root, 'out')]
      vendor.makePairs(inputs, JOBS, 1)
      const before = contentsOf(inputs)
      const video = makeVideo(join(root, 'made.mp4'), 1)
      const simulator = await startVendor(video, FACTOR, {
        [engine]: { ...QUICK_VENDORS[engine], workMs: () => WORK_MS },
      })
      onTestFinished(simulator.stop)

      const run = (decision = '') => {
        const program = fileURLToPath(new URL('../paid-batch.ts', import.meta.url))
        const args = [program, dataDir, inputs, output, vendor.urlOf(simulator), String(FACTOR), decision, engine]
        const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
        let said = ''
        child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
        const ended = once(child, 'close').then((): Job[] | null => {
          const line = said.split('\n').find((text) => text.startsWith('['))
          return line === undefined ? null : z.array(jobSchema).parse(JSON.parse(line))
        })
        return { child, ended }
      }
      /** At any instant: whole results only, and no request paid twice. */
      const look = (when: string): void => {
        for (const name of existsSync(output) ? readdirSync(output) : []) {
          if (!name.startsWith('.') && !readFileSync(join(output, name)).equals(video))
            found.push(`${when}: I4 ${name}`)
        }
        const paid = simulator.charges().filter(({ kind }) => kind === 'generation')
        if (new Set(paid.map(({ bodySha256 }) => bodySha256)).size !== paid.length) found.push(`${when}: I1`)
      }

      for (let isOver = false; kills < KILLS && !isOver;) {
        const lifeMs = Math.round(random() * LONGEST_LIFE_MS)
        const { child, ended } = run()
        const stopped = new AbortController()
        const timer = delay(lifeMs, undefined, { signal: stopped.signal }).then(
          () => child.kill('SIGKILL'),
          () => false,
        )
        isOver = (await ended) !== null
        stopped.abort()
        await timer
        if (!isOver) kills++
        look(`batch ${batch}, kill ${kills} after ${lifeMs} ms`)
      }
      const jobs = (await run().ended) ?? []
      const settled = { simulator, video, dataDir, output, hasList }
      found.push(...violations({ ...settled, jobs }).map((what) => `batch ${batch}: ${what}`))
      const asked = jobs.filter(({ state }) => state !== 'done').length
      // Without a list a person looks in the vendor's console first, and pays again only for what is not there.
      const known = new Set(jobs.map(({ operation }) => operation))
      const lost = simulator.charges().filter(({ kind, id }) => kind === 'generation' && !known.has(id))
      if (lost.length > 0) await run(lost.map((charge) => `${whose(charge, dataDir)}=${charge.id}`).join()).ended
      const all = (asked === 0 ? jobs : await run('submit-again').ended) ?? []
      found.push(...violations({ ...settled, jobs: all }).map((what) => `batch ${batch}, decided: ${what}`))
      const charges = simulator.charges().filter(({ kind }) => kind === 'generation').length
      const done = all.filter(({ state }) => state === 'done').length
      if (charges !== JOBS || done !== JOBS) found.push(`batch ${batch}: ${done} done, ${charges} charged`)
      if (JSON.stringify(contentsOf(inputs)) !== JSON.stringify(before)) found.push(`batch ${batch}: I5`)
      process.stdout.write(
        `random kills, ${engine}: batch ${batch}, ${kills} kills so far, ${done} of ${JOBS} done, ${charges} charged, ${asked} asked the user, ${found.length} violations\n`,
      )
    }
    expect(found).toEqual([])
  },
)
