import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** Runs vitest with our reporter on the given test files and gives the last line it prints. */
function countLine(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'studio-count-'))
  folders.push(folder)
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const reporter = join(root, 'tests/count-reporter.ts')
  writeFileSync(
    join(folder, 'vitest.config.ts'),
    `import { CountReporter } from ${JSON.stringify(reporter)}\nexport default { test: { reporters: [new CountReporter()] } }\n`,
  )
  const env = { ...process.env }
  delete env['STUDIO_TEST_COUNTS']
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const done = spawnSync(process.execPath, [vitest, 'run', '--root', folder], { cwd: folder, encoding: 'utf8', env })
  return done.stdout.trim().split('\n').at(-1) ?? ''
}

const imports = "import { expect, it } from 'vitest'\n"

describe('the count line', () => {
  it('counts what passed, failed and was skipped', () => {
    const tests = "it('a', () => expect(1).toBe(1))\nit('b', () => expect(1).toBe(2))\nit.skip('c', () => {})\n"
    expect(countLine({ 'a.test.ts': imports + tests })).toBe('1 passed, 1 failed, 1 skipped')
  })

  it('counts a file that fails to import as failed', () => {
    const good = `${imports}it('a', () => expect(1).toBe(1))\n`
    const bad = `${imports}import './not-there.ts'\nit('b', () => expect(1).toBe(1))\n`
    expect(countLine({ 'good.test.ts': good, 'bad.test.ts': bad })).toBe('1 passed, 1 failed, 0 skipped')
  })

  it('counts an unhandled error as failed', () => {
    const test =
      "it('a', async () => {\n  void Promise.reject(new Error('nobody looks'))\n  expect(1).toBe(1)\n  await new Promise((done) => setTimeout(done, 50))\n})\n"
    expect(countLine({ 'a.test.ts': imports + test })).toBe('1 passed, 1 failed, 0 skipped')
  })
})
