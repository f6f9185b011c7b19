import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
  chmodSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { contract } from '../../src/shared/api/index.ts'
import { runCli, startCli, writeVoice } from '../fixtures/cli.ts'
import type { RunningCli } from '../fixtures/cli.ts'

const SETPRIV = '/usr/bin/setpriv'
const obstacle =
  process.getuid?.() !== 0
    ? 'only root can become another user'
    : existsSync(SETPRIV)
      ? undefined
      : `${SETPRIV} is not installed`
if (obstacle !== undefined) console.warn(`Skipped: another user on this machine (${obstacle}).`)

/** What the other user runs: every route, every file, and the list of processes. Node built-ins only. */
const SPY = `
const { readdirSync, openSync, readFileSync } = require('node:fs')
const { join } = require('node:path')
const [origin, dataDir, ...routes] = process.argv.slice(2)
const walk = (dir) => { try { return readdirSync(dir, { withFileTypes: true }).flatMap((e) => e.isDirectory() ? walk(join(dir, e.name)) : [join(dir, e.name)]) } catch { return [] } }
const known = process.env.KNOWN_FILES.split('\\n')
const readable = [...new Set([...walk(dataDir), ...known])].filter((file) => { try { openSync(file, 'r'); return true } catch { return false } })
const processes = readdirSync('/proc').filter((pid) => /^\\d+$/.test(pid)).map((pid) => { try { return readFileSync('/proc/' + pid + '/cmdline', 'utf8') } catch { return '' } }).join('\\n')
const own = { origin, 'sec-fetch-site': 'same-origin', 'x-studio': '1', 'content-type': 'application/json' }
Promise.all(routes.map(async (route) => {
  const [method, path] = route.split(' ')
  const answer = await fetch(origin + path, { method, headers: own, ...(method === 'GET' ? {} : { body: '{}' }) })
  return [route, answer.status]
})).then((answers) => console.log(JSON.stringify({ uid: process.getuid(), readable, processes, answers })))
`

describe.skipIf(obstacle !== undefined)('another user on this machine', () => {
  let folder: string
  let server: RunningCli
  let seen: { uid: number; readable: string[]; processes: string; answers: [string, number][] }
  let token: string
  let known: string[]
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'studio-other-'))
    chmodSync(folder, 0o755)
    const source = join(folder, 'in')
    const data = join(folder, 'data')
    mkdirSync(source)
    copyFileSync('resources/samples/portrait-woman.jpg', join(source, 'anna.jpg'))
    writeVoice(join(source, 'anna.wav'), 0.5)
    const loose = { wrap: ['/bin/sh', '-c', 'umask 000; exec "$@"', 'sh'] }
    await runCli(['run', source, '--out', join(folder, 'out'), '--data-dir', data], loose)
    server = startCli(['serve', '--port', '0', '--open', '--data-dir', data, '--json'], loose)
    const { url } = await server.until(({ event }) => event === 'listening')
    const address = new URL(String(url))
    token = new URLSearchParams(address.hash.slice(1)).get('token') ?? ''
    // The file with the address is written for the browser right after the address is known.
    known = await vi.waitFor(
      () => {
        const files = readdirSync(data, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
        expect(files.some((file) => file.endsWith('.html'))).toBe(true)
        return files
      },
      { timeout: 10_000 },
    )
    const spy = join(folder, 'spy.cjs')
    writeFileSync(spy, SPY, { mode: 0o644 })
    // A copy that anybody may run: the tests' own may lie in a home folder.
    copyFileSync(process.execPath, join(folder, 'node'))
    chmodSync(join(folder, 'node'), 0o755)
    const routes = [
      ...Object.keys(contract).map((method) => `POST /api/${method}`),
      'POST /session',
      'POST /drop',
      'PUT /drop/x/y.png',
      'POST /drop/x/done',
      'GET /events',
      'GET /media/result/x',
      'GET /nothing',
    ]
    const as = ['--reuid', '65534', '--regid', '65534', '--clear-groups', join(folder, 'node'), spy]
    const { stdout, stderr } = spawnSync(SETPRIV, [...as, address.origin, data, ...routes], {
      cwd: folder,
      encoding: 'utf8',
      env: { KNOWN_FILES: known.join('\n') },
    })
    if (stdout === '') throw new Error(stderr)
    seen = JSON.parse(stdout) as typeof seen
  })
  afterAll(async () => {
    server.process.kill('SIGTERM')
    await server.ended
    rmSync(folder, { recursive: true, force: true })
  })

  it('gets 401 at every route', () => {
    expect(seen.uid).toBe(65_534)
    expect(seen.answers.length).toBeGreaterThan(25)
    expect(seen.answers.filter(([, status]) => status !== 401)).toEqual([])
  })

  it('reads no file of the data folder, the one with the address least of all', () => {
    expect(known.some((file) => file.endsWith('.html'))).toBe(true)
    expect(known.length).toBeGreaterThan(3)
    expect(seen.readable).toEqual([])
  })

  it('finds the token in no list of processes', () => {
    expect(token.length).toBeGreaterThan(20)
    expect(seen.processes).toContain('serve')
    expect(seen.processes).not.toContain(token)
  })
})
