import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, say } from './processes.mjs'

const STAMP = join(root, 'node_modules/.studio-install')

/** Only what decides about the packages: a changed script line of package.json installs nothing anew. */
function wantedStamp() {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const { dependencies, devDependencies, optionalDependencies, allowScripts } = manifest
  const wanted = JSON.stringify([dependencies, devDependencies, optionalDependencies, allowScripts])
  return createHash('sha256')
    .update(wanted)
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
}

/** Bytes that this machine received so far over the network (Linux only, loopback left out); null where unknown. */
function receivedBytes() {
  try {
    let sum = 0
    for (const line of readFileSync('/proc/net/dev', 'utf8').split('\n').slice(2)) {
      const [name = '', rest = ''] = line.trim().split(/:\s*/)
      if (name !== '' && name !== 'lo') sum += Number(rest.split(/\s+/)[0])
    }
    return sum
  } catch {
    return null
  }
}

/**
 * Installs the packages of the lockfile unless exactly they are installed already.
 * Gives the bytes received meanwhile (0 when nothing was to be done, null where they cannot be counted).
 */
export async function installIfNeeded({ again = false } = {}) {
  const wanted = wantedStamp()
  if (!again && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return { downloadedBytes: 0 }
  say('Installing packages (once, about 250 MB)…')
  const before = receivedBytes()
  const windows = process.platform === 'win32'
  const install = () =>
    run(windows ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      shell: windows,
      stdio: ['ignore', 2, 2],
    })
  // A second try: a registry that drops one of hundreds of downloads is common, and npm keeps what it has.
  const code = (await install()) === 0 ? 0 : await install()
  if (code !== 0) throw new Error('The packages could not be installed: see the lines above.')
  writeFileSync(STAMP, wanted)
  const after = receivedBytes()
  return { downloadedBytes: before === null || after === null ? null : after - before }
}
