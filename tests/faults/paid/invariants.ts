import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { errorDataSchema } from '../../../src/shared/model/error.ts'
import type { Job } from '../../../src/shared/model/job.ts'
import type { Simulator } from '../../../src/main/simulator/simulator.ts'

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** Contents of all files below a folder, to see whether any was changed. */
export function contentsOf(folder: string): Record<string, string> {
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : []
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(files.toSorted().map((path) => [path, sha256(readFileSync(path))]))
}

export type Settled = {
  readonly simulator: Simulator
  readonly video: Buffer
  readonly dataDir: string
  readonly output: string
  readonly jobs: readonly Job[]
  /** False for a vendor without a list: a lost answer is a person's to find, and its operation may be paid for meanwhile. */
  readonly hasList?: boolean
}

/**
 * What does not hold of a settled queue whose core is stopped, by the invariants of the failure model; nobody has paid
 * twice on purpose.
 */
export function violations({ simulator, video, dataDir, output, jobs, hasList = true }: Settled): string[] {
  const found: string[] = []
  const wrong = (invariant: string, what: string): void => {
    found.push(`${invariant} ${what}`)
  }
  const charges = simulator.charges().filter(({ kind }) => kind === 'generation')
  const bodies = new Set(charges.map(({ bodySha256 }) => bodySha256))
  if (bodies.size !== charges.length) wrong('I1', `${charges.length} charges for ${bodies.size} requests`)
  if (charges.length > jobs.length) wrong('I1', `${charges.length} charges for ${jobs.length} jobs`)

  const done = jobs.filter(({ state }) => state === 'done')
  const unknown = jobs.filter(({ error }) => error?.code === 'E-SUBMIT-UNKNOWN')
  const lost = hasList ? 0 : unknown.length
  if (charges.length > done.length + lost) wrong('I2', `${charges.length} paid, ${done.length} on disk`)
  for (const job of done) {
    const path = job.output ?? ''
    if (!existsSync(path)) wrong('I3', `${path} is not there`)
    else if (sha256(readFileSync(path)) !== sha256(video)) wrong('I3', `${path} is not what the vendor made`)
  }
  const names = existsSync(output) ? readdirSync(output) : []
  if (names.length !== done.length) wrong('I4/I7', `${names.length} files for ${done.length} results: ${names.join()}`)
  for (const name of existsSync(join(dataDir, 'work')) ? readdirSync(join(dataDir, 'work')) : []) {
    wrong('I7', `work/${name} is left`)
  }
  for (const name of existsSync(join(dataDir, 'results')) ? readdirSync(join(dataDir, 'results')) : []) {
    wrong('I7', `results/${name} is left`)
  }
  if (done.length + unknown.length !== jobs.length) {
    const others = jobs.filter((job) => !done.includes(job) && !unknown.includes(job))
    wrong('settled', others.map(({ state, step, error }) => `${state} at ${step} ${error?.code ?? ''}`).join())
  }
  for (const { state, error } of jobs) {
    if (state !== 'done' && !errorDataSchema.safeParse(error).success) wrong('I8', `${state} without a reason`)
  }

  const database = new DatabaseSync(join(dataDir, 'studio.sqlite'), { readOnly: true })
  try {
    const integrity = database.prepare('PRAGMA integrity_check').get()?.['integrity_check']
    if (integrity !== 'ok') wrong('I10', String(integrity))
    if (database.prepare('PRAGMA foreign_key_check').all().length > 0) wrong('I10', 'foreign keys')
    const left = database.prepare('SELECT path FROM temp_files').all()
    if (left.length > 0) wrong('I7', `temporary files are remembered: ${JSON.stringify(left)}`)
    const uses = database.prepare('SELECT * FROM object_uses').all()
    // A job that waits for the user keeps what it may need again.
    if (uses.length > 0 && unknown.length === 0) wrong('I7', `${uses.length} uses of stored objects are left`)
    const ids = new Set(
      database
        .prepare('SELECT vendor_id FROM submit_attempts')
        .all()
        .map((row) => row['vendor_id']),
    )
    const strange = charges.filter(({ id }) => !ids.has(id))
    if (strange.length > lost) wrong('I12', `not known: ${strange.map(({ id }) => id).join()}`)
  } finally {
    database.close()
  }
  return found
}
