import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bin, root, run, say } from './processes.mjs'

const STAMP = join(root, 'out/.studio-build')
const SOURCES = [
  'src',
  'resources/face-models.json',
  'electron.vite.config.ts',
  'package-lock.json',
  'scripts/copy-models.mjs',
]

/** A hash over the content of everything that goes into the build, tests left out. */
function sourceHash() {
  const hash = createHash('sha256')
  const add = (path) => {
    if (statSync(join(root, path)).isDirectory()) {
      for (const name of readdirSync(join(root, path)).sort()) add(`${path}/${name}`)
    } else if (!/\.test\.tsx?$/.test(path)) {
      hash
        .update(path)
        .update('\0')
        .update(readFileSync(join(root, path)))
    }
  }
  for (const path of SOURCES) add(path)
  return hash.digest('hex')
}

/** Builds main process, preload and window into `out/` unless this very source is built already. */
export async function buildIfNeeded(node) {
  const wanted = sourceHash()
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return
  say('Building…')
  for (const part of ['main', 'helpers', 'preload', 'renderer', 'models'])
    rmSync(join(root, 'out', part), { recursive: true, force: true })
  const code = await run(node, [bin('electron-vite', 'electron-vite'), 'build', '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (code !== 0) throw new Error('The build failed: see the lines above.')
  writeFileSync(STAMP, wanted)
}
