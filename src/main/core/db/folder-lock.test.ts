import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { tempFolder } from '../../../../tests/fixtures/temp-folder.ts'
import { lockFolder } from './folder-lock.ts'

const SCRIPT = `
  import { lockFolder } from ${JSON.stringify(new URL('folder-lock.ts', import.meta.url).href)}
  try {
    lockFolder(process.argv[1], { pid: process.pid, host: 'cli', startedAt: 1 })
    console.log('owner')
    setInterval(() => {}, 1000)
  } catch (thrown) {
    console.log(thrown.code)
  }`

async function start(folder: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const [said] = await once(createInterface({ input: child.stdout }), 'line')
  return { child, said: String(said) }
}

test('of three processes that start at once, one owns the folder', async () => {
  const folder = tempFolder()
  const all = await Promise.all([start(folder), start(folder), start(folder)])
  expect(all.map(({ said }) => said).toSorted()).toEqual(['E-INSTANCE', 'E-INSTANCE', 'owner'])
})

test('the refusal names the owner, and kill -9 frees the folder', async () => {
  const folder = tempFolder()
  const { child } = await start(folder)
  expect(() => lockFolder(folder, { pid: 1, host: 'web', startedAt: 2 })).toThrow(
    expect.objectContaining({
      data: expect.objectContaining({ code: 'E-INSTANCE', params: { pid: child.pid, host: 'cli', file: folder } }),
    }),
  )
  child.kill('SIGKILL')
  await once(child, 'exit')
  const lock = lockFolder(folder, { pid: process.pid, host: 'web', startedAt: 2 })
  expect(JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8'))).toMatchObject({ host: 'web' })
  expect(statSync(join(folder, 'lock.sqlite')).mode & 0o077).toBe(0)
  lock.release()
  lockFolder(folder, { pid: process.pid, host: 'cli', startedAt: 3 }).release()
})

test('a second core in the same process is refused, too', () => {
  const folder = tempFolder()
  const lock = lockFolder(folder, { pid: process.pid, host: 'web', startedAt: 2 })
  const again = () => lockFolder(folder, { pid: process.pid, host: 'web', startedAt: 3 })
  expect(again).toThrow('E-INSTANCE')
  expect(again).toThrow('E-INSTANCE')
  lock.release()
})
