import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

describe('docs/security.md', () => {
  const rows = read('docs/security.md')
    .split('\n')
    .filter((line) => /^\| \d+ /.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))

  it('answers all twenty items of Electron’s checklist', () => {
    expect(rows.map(([, number]) => Number(number))).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
  })

  it.each(rows)(
    '%s names code that is there and a test that says so: %s %s',
    (_empty, _number, _item, where = '', test = '') => {
      const files = [...where.matchAll(/`([\w./-]+\.(?:ts|json))`/g)].map(([, file = '']) => file)
      expect(files.length).toBeGreaterThan(0)
      expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([])
      const [, file = '', sentence = ''] = /^`([^`]+)`: "([^"]+)"$/.exec(test) ?? []
      expect(read(file)).toContain(sentence)
    },
  )

  it('answers every finding that the scan accepts', () => {
    const accepted = [...read('scripts/packaging/scan.ts').matchAll(/'(\w+_CHECK) /g)].map(([, check = '']) => check)
    expect(accepted.length).toBeGreaterThan(0)
    for (const check of accepted) expect(read('docs/security.md')).toContain(`\`${check}\``)
  })
})

describe('what the app is built from', () => {
  const manifest = JSON.parse(read('package.json')) as {
    scripts: Record<string, string>
    allowScripts: Record<string, boolean>
    devDependencies: Record<string, string>
  }

  it('runs no install script but those that are named, and has none of its own', () => {
    expect(read('.npmrc')).toContain('strict-allow-scripts=true')
    expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?(install|prepare|publish)/.test(name))).toEqual(
      [],
    )
    const allowed = Object.entries(manifest.allowScripts).filter(([, isAllowed]) => isAllowed)
    expect(allowed.map(([name]) => name).toSorted()).toEqual(
      ['@ffmpeg-installer/linux-x64', '@ffprobe-installer/linux-x64', 'ffmpeg-static', 'keytar'].toSorted(),
    )
  })

  it('is held by a hash, package by package', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { integrity?: string; link?: boolean }>
    }
    const loose = Object.entries(packages).filter(([path, one]) => path !== '' && one.link !== true && !one.integrity)
    expect(loose.map(([path]) => path)).toEqual([])
  })

  it('registers no protocol and brings no updater of its own', () => {
    const source = globSync('src/**/*.ts', { cwd: root }).filter((file) => !file.includes('.test.'))
    for (const word of ['setAsDefaultProtocolClient', 'autoUpdater', 'electron-updater', 'autoDownload'])
      expect([word, source.filter((file) => read(file).includes(word))]).toEqual([word, []])
    expect(Object.keys(manifest.devDependencies)).not.toContain('electron-updater')
  })

  it.skipIf(!existsSync(join(root, 'out/renderer')))('shows a page without a trace of Node in its script', () => {
    for (const file of globSync('out/renderer/assets/*.js', { cwd: root }))
      expect(read(file)).not.toMatch(/require\(["'`](node:|child_process|fs|electron)|from ?["'`](node:|electron)/)
  })
})
