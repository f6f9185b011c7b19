import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { jobSchema, type Job } from '../../src/shared/model/job.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { makePicture, makeVoice } from '../fixtures/test-core.ts'

const SETPRIV = '/usr/bin/setpriv'
const isRoot = process.getuid?.() === 0
const canRun = process.platform !== 'win32' && (!isRoot || existsSync(SETPRIV))
if (!canRun) console.warn('Skipped: files that may not be read (root reads everything, and setpriv is missing).')

/** Runs the batch as a user who does not read everything: root's own powers are dropped, its files stay its own. */
function runAsOther(root: string): { jobs: Job[]; errorText: string } {
  const program = fileURLToPath(new URL('offline-batch.ts', import.meta.url))
  const command = [process.execPath, program, join(root, 'data'), join(root, 'in'), join(root, 'out')]
  const asOther = isRoot ? [SETPRIV, '--inh-caps=-all', '--bounding-set=-all'] : []
  const [file = '', ...args] = [...asOther, ...command]
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', cwd: '/' })
  const line = stdout.split('\n').find((text) => text.startsWith('['))
  return { jobs: line === undefined ? [] : z.array(jobSchema).parse(JSON.parse(line)), errorText: stderr }
}

function makeFolder(): string {
  const root = tempFolder()
  mkdirSync(join(root, 'in'))
  makePicture(join(root, 'in', 'open.png'), 'red')
  makePicture(join(root, 'in', 'closed.png'), 'blue')
  makeVoice(join(root, 'in', 'voice.wav'), 400)
  mkdirSync(join(root, 'out'))
  for (const folder of ['', 'in', 'out']) chmodSync(join(root, folder), 0o777)
  return root
}

describe.skipIf(!canRun)('files that are closed to the user', () => {
  test('an input fails its own job with E-INPUT-PERMISSION, the others are made', () => {
    const root = makeFolder()
    chmodSync(join(root, 'in', 'closed.png'), 0)
    const { jobs, errorText } = runAsOther(root)
    const told = jobs.map((job) => [job.source, job.error?.code ?? job.state])
    expect(told.toSorted(), errorText).toEqual([
      [join(root, 'in', 'closed.png'), 'E-INPUT-PERMISSION'],
      [join(root, 'in', 'open.png'), 'done'],
    ])
  })

  test('an output folder refuses the batch with E-OUT-PERMISSION before anything is made', () => {
    const root = makeFolder()
    chmodSync(join(root, 'out'), 0o555)
    const { jobs, errorText } = runAsOther(root)
    expect(jobs).toEqual([])
    expect(errorText).toContain('E-OUT-PERMISSION')
    expect(readdirSync(join(root, 'out'))).toEqual([])
  })
})
