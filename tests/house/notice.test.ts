import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

describe('NOTICE', () => {
  it('lists exactly the packages that the program is built from', () => {
    const check = () =>
      execFileSync(process.execPath, [join(root, 'scripts/licences.ts'), '--check'], { stdio: 'pipe' })
    expect(check).not.toThrow()
  })

  it('names every file of the face models with its licence', () => {
    const { files } = JSON.parse(readFileSync(join(root, 'resources/face-models.json'), 'utf8')) as {
      files: { package: string; version: string; licence: string }[]
    }
    const notice = readFileSync(join(root, 'NOTICE'), 'utf8')
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) {
      expect(notice).toContain(`${file.package} ${file.version}`)
      for (const licence of file.licence.match(/Apache-2\.0|MIT/g) ?? []) expect(notice).toContain(licence)
    }
  })
})
