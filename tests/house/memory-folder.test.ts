import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { expect, it, onTestFinished, vi } from 'vitest'
import { memoryFolder } from '../../scripts/bootstrap/memory-folder.mjs'

const PLACE = '/dev/shm'
/** No system gives so high a number to a process. */
const DEAD = `${PLACE}/liveportrait-tests-2147483646`

it('the files of a test run stay where TMPDIR says', () => {
  vi.stubEnv('TMPDIR', '/somewhere')
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(memoryFolder()).toBeNull()
})

it.skipIf(!existsSync(PLACE))(
  'the files of a test run go when it ends, and those of one that was killed when the next begins',
  ({ skip }) => {
    vi.stubEnv('TMPDIR', '')
    mkdirSync(DEAD, { recursive: true })
    onTestFinished(() => {
      vi.unstubAllEnvs()
      rmSync(DEAD, { recursive: true, force: true })
    })
    writeFileSync(`${DEAD}/left`, 'x')
    const files = memoryFolder()
    if (files === null) return skip('too little memory, or no programs run there')
    expect(existsSync(DEAD)).toBe(false)
    writeFileSync(`${files.path}/mine`, 'x')
    files.remove()
    expect(existsSync(files.path)).toBe(false)
  },
)
