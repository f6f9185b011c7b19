import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolder, makeFolderSync } from './make-folder.ts'

const root = mkdtempSync(join(tmpdir(), 'studio-folder-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe.each([
  ['makeFolder', makeFolder],
  ['makeFolderSync', async (path: string) => makeFolderSync(path)],
])('%s', (name, make) => {
  it('makes all parents and does not mind what is there', async () => {
    const path = join(root, name, 'a', 'b')
    await make(path)
    await make(path)
    expect(existsSync(path)).toBe(true)
  })

  it('refuses a place below a file', async () => {
    writeFileSync(join(root, `${name}.txt`), '')
    await expect(make(join(root, `${name}.txt`, 'a'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  })

  it.skipIf(process.platform !== 'linux')('comes to an end where no folder can be made', async () => {
    await expect(make('/proc/nowhere/deeper')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
