/**
 * Rewrites the part of NOTICE that lists packages: `node scripts/licences.ts`; with `--check` it only compares (exit code 1
 * when NOTICE is out of date). Bundled packages are those that src imports, with all they depend on; versions and licences
 * come from package-lock.json, which names the builds for every system, so the result is the same on each of them.
 */

import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { z } from 'zod'

const root = join(import.meta.dirname, '..')
const noticeFile = join(root, 'NOTICE')
const marker = '---- Packages: written by scripts/licences.ts, not by hand ----'

const names = z.record(z.string(), z.string()).default({})
const manifestSchema = z.object({ dependencies: names, devDependencies: names, optionalDependencies: names })
const lockedSchema = z.object({
  version: z.string().default(''),
  license: z.string().optional(),
  dependencies: names,
  optionalDependencies: names,
})
const lockSchema = z.object({ packages: z.record(z.string(), lockedSchema) })
/** Old packages name their licence as `licenses: [{type}]`. */
const ownManifestSchema = z.object({
  author: z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]).optional(),
  license: z.string().optional(),
  licenses: z.array(z.object({ type: z.string() })).optional(),
})

/** `path` is the place under the project, as in package-lock.json. */
type Package = { path: string; name: string; version: string; licence: string }

const readJson = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'))
const manifest = manifestSchema.parse(readJson('package.json'))
const { packages: locked } = lockSchema.parse(readJson('package-lock.json'))

/** Packages that stay outside the bundle. The Node builds among them only run the project's own commands. */
const shippedWhole = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.optionalDependencies)].filter(
  (name) => !/^node-(bin-)?(linux|darwin|win)-/.test(name),
)

/** Names of packages that the source of the app imports at run time. */
function importedPackages(): string[] {
  const known = { ...manifest.dependencies, ...manifest.devDependencies }
  const files = globSync('src/**/*.{ts,tsx}', { cwd: root }).filter((file) => !/\.(test|d)\.tsx?$/.test(file))
  const found = files.flatMap((file) => {
    const source = readFileSync(join(root, file), 'utf8').replaceAll(/^import type .*$/gm, '')
    return [...source.matchAll(/\b(?:from|import)\b\s*\(?\s*'(@[^/']+\/[^/']+|[^@./'][^/']*)/g)].map(
      (match) => match[1],
    )
  })
  const outside = new Set(['electron', ...shippedWhole])
  return [...new Set(found)]
    .filter((name) => name !== undefined)
    .filter((name) => !outside.has(name) && Object.hasOwn(known, name))
}

/** Finds what `name` means for the package at `from`: the nearest node_modules upwards, as Node does. */
function resolvePath(from: string, name: string): string | undefined {
  let folder = from
  for (;;) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (Object.hasOwn(locked, path)) return path
    if (folder === '') return undefined
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))
  }
}

function ownManifest(path: string): z.infer<typeof ownManifestSchema> {
  const file = join(path, 'package.json')
  return existsSync(join(root, file)) ? ownManifestSchema.parse(readJson(file)) : {}
}

function licenceOf(path: string): string {
  const { license, licenses = [] } = ownManifest(path)
  return locked[path]?.license ?? license ?? (licenses.map(({ type }) => type).join(' or ') || 'see the package')
}

/** The packages and all they depend on, by name; type declarations and the Node builds are never shipped. */
function withDependencies(roots: readonly string[], optionalToo: boolean): Package[] {
  const seen = new Set<string>()
  const queue = roots.map((name) => resolvePath('', name))
  for (const path of queue) {
    if (path === undefined || seen.has(path) || path.includes('/@types/')) continue
    seen.add(path)
    const { dependencies = {}, optionalDependencies = {} } = locked[path] ?? {}
    const next = { ...dependencies, ...(optionalToo ? optionalDependencies : {}) }
    // npm lists optional packages among the dependencies of some lock entries too.
    const wanted = Object.keys(next).filter((name) => optionalToo || !Object.hasOwn(optionalDependencies, name))
    queue.push(...wanted.map((name) => resolvePath(path, name)))
  }
  return [...seen]
    .map((path) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
      return { path, name, version: locked[path]?.version ?? '', licence: licenceOf(path) }
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1))
}

function licenceText({ path }: Package): string {
  const folder = join(root, path.replaceAll('/', sep))
  const file = existsSync(folder)
    ? readdirSync(folder)
        .toSorted()
        .find((name) => /^(licen[cs]e|copying)/i.test(name))
    : undefined
  return file === undefined ? '' : readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim()
}

const copyrightLine =
  /^\W*(copyright\b(?! (holder|notice|owner|license)).*\d{4}|copyright \(c\) (?!\d)|\(c\) \d{4}).*$/i
const titleLine = /^\W*(the )?(mit|isc|bsd|apache)[\w\s().-]*licen[cs]e[\w\s().-]*$/i

/** A licence text without its title and the holders' lines, so that equal licences are printed once. */
function conditions(text: string): string {
  const lines = text.split('\n').filter((line) => !copyrightLine.test(line) && !titleLine.test(line))
  return lines
    .map((line) => line.trimEnd())
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .replace(/^\n+/, '')
    .replace(/\n+$/, '')
}

/** The copyright lines; of a package without a licence file, its author. */
function holders(one: Package): string[] {
  const text = licenceText(one)
  const author = ownManifest(one.path).author
  if (text === '') return author ? [`by ${author} (the package holds no licence file)`] : []
  return text.split('\n').flatMap((line) => (copyrightLine.test(line) ? [line.trim()] : []))
}

function licenceGroups(bundled: readonly Package[]): string {
  const groups = new Map<string, { text: string; packages: Package[] }>()
  for (const one of bundled) {
    const text = conditions(licenceText(one))
    if (text === '') continue
    const key = text.toLowerCase().replaceAll(/[^a-z]+/g, '')
    const group = groups.get(key) ?? { text, packages: [] }
    groups.set(key, { text: group.text, packages: [...group.packages, one] })
  }
  return [...groups.values()]
    .map(({ text, packages }) => `${packages.map(({ name }) => name).join(', ')}:\n\n${text}`)
    .join('\n\n--------\n\n')
}

function packagePart(): string {
  const bundled = withDependencies(importedPackages(), false)
  const whole = withDependencies(shippedWhole, true)
  const line = ({ name, version, licence }: Package) => `- ${name} ${version}: ${licence}`
  const withHolders = (one: Package) => [line(one), ...holders(one).map((holder) => `    ${holder}`)].join('\n')
  return [
    marker,
    'Bundled into the program. The licence texts follow the list.',
    bundled.map(withHolders).join('\n'),
    'Shipped whole beside the program where they exist for the system, each with its own licence file.',
    whole.map(line).join('\n'),
    'Licence texts of the bundled packages.',
    licenceGroups(bundled),
  ].join('\n\n')
}

const current = existsSync(noticeFile) ? readFileSync(noticeFile, 'utf8') : ''
const handWritten = current.split(marker)[0] ?? ''
const fresh = `${handWritten}${packagePart()}\n`
if (process.argv.includes('--check')) {
  if (fresh !== current) {
    console.error('NOTICE does not list the packages in use: run node scripts/licences.ts')
    process.exitCode = 1
  }
} else {
  writeFileSync(noticeFile, fresh)
  console.log(`wrote ${noticeFile}`)
}
