import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { run, say } from './processes.mjs'

/**
 * What some test suites want from the system: a name, the Debian package, a file that shows that it is there, and what
 * serves where there is no such package.
 */
const PARTS = [
  {
    name: 'chromium',
    debian: 'chromium-headless-shell',
    file: '/usr/bin/chromium-headless-shell',
    // Heavier, and as good.
    otherwise: { debian: 'chromium', file: '/usr/bin/chromium' },
    use: 'the tests of the window',
  },
  { name: 'dbus', debian: 'dbus', file: '/usr/bin/dbus-run-session', use: 'the tests of the keychain' },
  {
    name: 'gnome-keyring',
    debian: 'gnome-keyring',
    file: '/usr/bin/gnome-keyring-daemon',
    use: 'the tests of the keychain',
  },
  {
    name: 'libsecret',
    debian: 'libsecret-1-dev',
    file: '/usr/include/libsecret-1/libsecret/secret.h',
    use: 'the keychain itself',
  },
  ...['radosgw', 'ceph-mon', 'ceph-osd', 'ceph-common'].map((name) => ({
    name,
    debian: name,
    file: `/usr/bin/${name === 'ceph-common' ? 'ceph' : name}`,
    use: 'the tests of the bucket',
  })),
]

/**
 * Sees to the system parts that suites want, before npm's packages (keytar builds against libsecret).
 * Installs them as root or with CI=1 on Debian and Ubuntu, asks on a terminal, else prints the line to type; a suite
 * whose part stays missing is skipped with its reason. Gives the names of the parts that were installed now.
 */
export async function ensureSystemParts() {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) return []
  const isThere = ({ file, otherwise }) => existsSync(file) || (otherwise !== undefined && existsSync(otherwise.file))
  const missing = PARTS.filter((part) => !isThere(part))
  if (missing.length === 0) return []
  const isRoot = process.getuid?.() === 0
  const packages = missing.map((part) => part.debian)
  const line = `${isRoot ? '' : 'sudo '}apt-get install -y --no-install-recommends ${packages.join(' ')}`
  const automatic = isRoot || ['1', 'true'].includes(process.env.CI ?? '')
  if (!automatic && !(await agreed(line))) {
    for (const part of missing) say(`Skipping ${part.use}: ${part.debian} is not installed. To have it: ${line}`)
    return []
  }
  for (const part of missing) say(`Installing ${part.debian} for ${part.use}.`)
  const sudo = isRoot ? [] : ['sudo', '-n']
  const apt = (args) => {
    const [program = 'apt-get', ...rest] = [...sudo, 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=300', ...args]
    return run(program, rest, {
      stdio: ['ignore', 'ignore', 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  }
  await apt(['update'])
  // All at once is quicker; one by one, a package that this system does not know keeps no other one away.
  const install = async (names) => (await apt(['install', '-y', '--no-install-recommends', ...names])) === 0
  if (!(await install(packages))) {
    for (const { debian, otherwise } of missing) {
      if ((await install([debian])) || (otherwise !== undefined && (await install([otherwise.debian])))) continue
      say(`${debian} could not be installed; the suites that want it are skipped. By hand: ${line}`)
    }
  }
  return missing.filter(isThere).map((part) => part.name)
}

async function agreed(line) {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(`Some test suites need system packages. Run "${line}" now? [y/N] `)
  terminal.close()
  return /^y(es)?$/i.test(answer.trim())
}
