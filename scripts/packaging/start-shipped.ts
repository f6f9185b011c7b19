/**
 * Starts a packaged app as people get it, without any driver: `node scripts/packaging/start-shipped.ts PROGRAM`. It must open
 * its database and stay alive, must not run as Node, and must end by itself under each switch that would let someone in.
 * Exit code 1 and one line for what is not so.
 */

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const LIMIT_MS = 60_000
const SWITCHES = [
  '--inspect=0',
  '--inspect-brk=0',
  '--remote-debugging-port=0',
  '--remote-debugging-pipe',
  '--js-flags=--expose-gc',
]

const program = process.argv[2]
if (program === undefined) throw new Error('Name the program to start.')
const folder = mkdtempSync(join(tmpdir(), 'liveportrait-shipped-'))

function start(dataDir: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(String(program), args, {
    cwd: folder,
    env: { ...process.env, LIVEPORTRAIT_STUDIO_DATA_DIR: dataDir, ...env },
    stdio: 'inherit',
  })
}

/** The exit code, or null when it had to be ended. */
async function endOf(child: ChildProcess, limitMs: number): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const code = await Promise.race([ended, delay(limitMs, 'late' as const)])
  if (code !== 'late') return code
  child.kill('SIGKILL')
  await ended
  return null
}

function expect(isRight: boolean, sentence: string): void {
  console.log(`${isRight ? 'ok     ' : 'FAILED '} ${sentence}`)
  if (!isRight) process.exitCode = 1
}

try {
  for (const [index, name] of SWITCHES.entries()) {
    const code = await endOf(start(join(folder, `refused-${index}`), [name]), LIMIT_MS)
    expect(code === 1, `does not start under ${name} (exit code ${code})`)
  }
  const asNode = start(join(folder, 'as-node'), ['-e', 'process.exit(42)'], { ELECTRON_RUN_AS_NODE: '1' })
  expect((await endOf(asNode, 10_000)) !== 42, 'does not run as Node')

  const dataDir = join(folder, 'data')
  const app = start(dataDir, [])
  const deadline = Date.now() + LIMIT_MS
  while (!existsSync(join(dataDir, 'studio.sqlite')) && app.exitCode === null && Date.now() < deadline) await delay(250)
  expect(existsSync(join(dataDir, 'studio.sqlite')), 'opens its data folder')
  await delay(5000)
  expect(app.exitCode === null, 'stays alive')
  app.kill()
  await endOf(app, 10_000)
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
