import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { createLeakscan } from '../fixtures/leakscan.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'

const SECRET = 'CANARYs3/secret+with="chars"'
const scan = createLeakscan([{ name: 'the secret', secret: SECRET }])

it.each([
  ['raw', SECRET],
  ['URL-encoded', encodeURIComponent(SECRET)],
  ['JSON', JSON.stringify({ key: SECRET })],
  ['JSON in JSON', JSON.stringify(JSON.stringify({ key: SECRET }))],
  ['base64', Buffer.from(SECRET).toString('base64')],
  ['base64 after one byte', Buffer.from(`a${SECRET}z`).toString('base64')],
  ['base64 after two bytes', Buffer.from(`ab${SECRET}yz`).toString('base64')],
  ['hexadecimal', Buffer.from(SECRET).toString('hex')],
  ['halves', `${SECRET.slice(14)}\n${SECRET.slice(0, 14)}`],
  ['a signed link', `https://b.example/x?X-Amz-Signature=${'0a'.repeat(32)}`],
])('finds a secret written as %s', (_form, text) => {
  expect(scan.inText('here', `before ${text} after`)).not.toEqual([])
  expect(JSON.stringify(scan.inText('here', `before ${text} after`))).not.toContain(SECRET)
})

it('finds nothing where nothing is', () => {
  expect(scan.inText('here', 'CANARYs3 secret with chars, Signature= and Expires=1 by themselves')).toEqual([])
  expect(scan.inBytes('here', Buffer.from(SECRET.slice(0, 12), 'utf16le'))).toEqual([])
})

it('finds a secret in UTF-16, in a file name, in a row of a database and in its free pages', () => {
  const folder = tempFolder()
  mkdirSync(join(folder, 'deep'))
  writeFileSync(join(folder, 'deep/wide.txt'), Buffer.from(`x${SECRET}`, 'utf16le'))
  writeFileSync(join(folder, encodeURIComponent(SECRET)), '')
  const database = new DatabaseSync(join(folder, 'free.sqlite'))
  database.exec('CREATE TABLE t (v TEXT)')
  database.prepare('INSERT INTO t VALUES (?)').run(SECRET.repeat(300))
  database.exec('DELETE FROM t')
  database.close()
  const where = scan.inFolder(folder).map((leak) => leak.where.replace(folder, ''))
  expect(where.some((name) => name.includes('wide.txt'))).toBe(true)
  expect(where.some((name) => name.includes('the name'))).toBe(true)
  expect(where.some((name) => name.includes('free.sqlite'))).toBe(true)
})

it.skipIf(process.platform !== 'linux')(
  'finds a secret in the arguments and the environment of what a process starts',
  async () => {
    const child = spawn('/bin/sh', ['-c', 'LEAK="$GIVEN" sleep 0.5; true'], {
      env: { PATH: '/usr/bin:/bin', GIVEN: SECRET },
    })
    const watch = scan.watchProcesses(child.pid ?? 0)
    await new Promise((done) => child.once('close', done))
    const { leaks } = watch.stop()
    expect(leaks.some(({ where }) => where.startsWith('environ of sleep'))).toBe(true)
  },
)

it.skipIf(process.platform !== 'linux')(
  'does not take the environment of a process that has not begun its own program for one that it was given',
  async () => {
    const child = spawn('/bin/sh', ['-c', '(read line); true'], { env: { PATH: '/usr/bin:/bin', GIVEN: SECRET } })
    const watch = scan.watchProcesses(child.pid ?? 0)
    await new Promise((done) => setTimeout(done, 300))
    child.stdin.end()
    await new Promise((done) => child.once('close', done))
    const { leaks, looked } = watch.stop()
    expect(looked).toEqual(['sh cmdline'])
    expect(leaks).toEqual([])
  },
)
