import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { freemem } from 'node:os'
import { join } from 'node:path'

const SHARED_MEMORY = '/dev/shm'
const NAME = /^liveportrait-tests-(\d+)$/
/** The suites hold some hundred MB of files at once; the rest of the memory is the machine's. */
const LEAST_FREE_BYTES = 4 * 2 ** 30
const TMPFS_MAGIC = 0x01021994

const isAlive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

const runsPrograms = (folder) => {
  const program = join(folder, 'runs')
  writeFileSync(program, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  const { status } = spawnSync(program)
  rmSync(program)
  return status === 0
}

/**
 * A folder in memory for the files of a test run, which wait for a disk a tenth of the time: no suite pulls the plug, and
 * what a killed process has written is there either way. Null where TMPDIR says otherwise, where the system has no such
 * place, too little memory, or lets no program run there. `remove` takes it away; one whose run was killed goes with the
 * next run.
 */
export function memoryFolder() {
  if (process.env.TMPDIR || process.platform !== 'linux') return null
  const path = join(SHARED_MEMORY, `liveportrait-tests-${process.pid}`)
  const remove = () => rmSync(path, { recursive: true, force: true })
  try {
    const { type, bavail, bsize } = statfsSync(SHARED_MEMORY)
    if (type !== TMPFS_MAGIC || Math.min(bavail * bsize, freemem()) < LEAST_FREE_BYTES) return null
    for (const name of readdirSync(SHARED_MEMORY)) {
      const pid = NAME.exec(name)?.[1]
      if (pid !== undefined && !isAlive(Number(pid)))
        rmSync(join(SHARED_MEMORY, name), { recursive: true, force: true })
    }
    // Suites of other users of the machine look into it.
    mkdirSync(path, { mode: 0o755 })
    if (runsPrograms(path)) return { path, remove }
    remove()
  } catch {
    // The usual place for temporary files is as good, and only slower.
  }
  return null
}
