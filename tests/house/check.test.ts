import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const configs = [
  'package.json',
  'package-lock.json',
  '.oxlintrc.json',
  'knip.json',
  'tsconfig.json',
  'tsconfig.base.json',
]
const configFiles = [...configs, 'electron.vite.config.ts', 'vitest.config.ts', '.prettierrc.json']

/** A copy of the tree, so that a violation can be planted in it without anyone seeing it. */
let copy: string

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'studio-house-'))
  for (const name of ['src', 'scripts', 'tests', 'build'])
    cpSync(join(root, name), join(copy, name), { recursive: true })
  mkdirSync(join(copy, 'resources'))
  cpSync(join(root, 'resources/face-models.json'), join(copy, 'resources/face-models.json'))
  for (const name of configFiles) cpSync(join(root, name), join(copy, name))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
})

afterAll(() => rmSync(copy, { recursive: true, force: true }))

function tool(packageName: string, command: string, args: string[]) {
  const folder = join(root, 'node_modules', packageName)
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    bin: string | Record<string, string>
  }
  const file = typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[command]
  const done = spawnSync(process.execPath, [join(folder, file ?? ''), ...args], { cwd: copy, encoding: 'utf8' })
  return { code: done.status, text: done.stdout + done.stderr }
}

function withPlanted<T>(files: Record<string, string>, action: () => T): T {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(copy, path), text)
  try {
    return action()
  } finally {
    for (const path of Object.keys(files)) rmSync(join(copy, path))
  }
}

const lint = (...args: string[]) => tool('oxlint', 'oxlint', ['--deny-warnings', ...args])
const knip = () => tool('knip', 'knip', ['--no-config-hints'])

/** A room, and an import that its walls are there to stop. */
const FORBIDDEN = [
  ['a room of the core that looks into its neighbour', 'src/main/core/media/planted.ts', '../jobs/planted.ts'],
  ['electron outside its host', 'src/main/core/lib/planted.ts', 'electron'],
  ['a host that imports another host', 'src/main/hosts/web/planted.ts', '../cli/planted.ts'],
  ['the window reaching for the main process', 'src/renderer/src/app/planted.ts', '../../../main/core/ports.ts'],
  ['a Node built-in in shared', 'src/shared/lib/planted.ts', 'node:fs'],
  ['React in a store', 'src/renderer/src/stores/planted.ts', 'react'],
] as const
const CIRCLE = {
  'src/shared/lib/planted-a.ts': "import { b } from './planted-b.ts'\n\nexport const a = (): number => b()\n",
  'src/shared/lib/planted-b.ts': "import { a } from './planted-a.ts'\n\nexport const b = (): number => a()\n",
}

describe('the house rules are machine-checked', () => {
  describe('with all of them planted at once', () => {
    let found: ReturnType<typeof tool>
    beforeAll(() => {
      const imports = FORBIDDEN.map(([, file, specifier]) => [file, `import '${specifier}'\n`])
      // One finding a line: where it is, and which rule it breaks.
      found = withPlanted({ ...Object.fromEntries(imports), ...CIRCLE }, () => lint('--format=unix'))
    })
    const rulesBroken = (file: string): string[] => found.text.split('\n').filter((line) => line.includes(`${file}:`))

    it.each(FORBIDDEN)('fails on %s', (_name, file) => {
      expect(found.code).not.toBe(0)
      expect(rulesBroken(file).join('\n')).toContain('no-restricted-imports')
    })

    it('fails on a circle of imports', () => {
      expect(found.code).not.toBe(0)
      expect(Object.keys(CIRCLE).flatMap(rulesBroken).join('\n')).toContain('no-cycle')
    })

    it('finds nothing else in the tree', () => {
      const findings = found.text.split('\n').filter((line) => /^\S+:\d+:/.test(line))
      expect(findings.length).toBeGreaterThan(FORBIDDEN.length)
      expect(findings.filter((line) => !line.includes('planted'))).toEqual([])
    })
  })

  it('fails on an export that nobody uses, and on nothing else in the tree', () => {
    const result = withPlanted({ 'src/shared/lib/planted.ts': 'export const unused = 1\n' }, knip)
    expect(result.code).not.toBe(0)
    expect(result.text.match(/\S+\.(?:tsx?|mjs|json)\b/g)).toEqual(['src/shared/lib/planted.ts'])
  })
})
