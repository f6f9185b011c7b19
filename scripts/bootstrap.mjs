// Everything that `npm run …` starts: installs and builds what is missing, then runs it on Node 24.
// Node built-ins only, and nothing newer than Node 20: this file runs before anything is installed.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildIfNeeded } from './bootstrap/build.mjs'
import { installIfNeeded } from './bootstrap/install.mjs'
import { memoryFolder } from './bootstrap/memory-folder.mjs'
import { findNode24 } from './bootstrap/node24.mjs'
import { bin, replaceWith, root, run, say } from './bootstrap/processes.mjs'
import { ensureSystemParts } from './bootstrap/system-parts.mjs'

const [command = '', ...args] = process.argv.slice(2)

async function prepare() {
  await installIfNeeded()
  const node = findNode24()
  await buildIfNeeded(node)
  return node
}

const cliFile = join(root, 'out/main/cli.js')

/** One more video, the way a paid engine makes it. Gives 0 or what went wrong. */
function rehearse(node, out, data) {
  const folder = join(out, 'paid-rehearsal')
  rmSync(folder, { recursive: true, force: true })
  return run(node, [cliFile, 'rehearse', '--out', folder, '--data-dir', data])
}

/** Vitest with these arguments; the last line of all counts what passed. */
async function runTests(vitestArgs) {
  const changed = await ensureSystemParts()
  await installIfNeeded({ again: changed.includes('libsecret') })
  const node = findNode24()
  await buildIfNeeded(node)
  const counts = join(root, 'out/test-counts.json')
  rmSync(counts, { force: true })
  const vitest = bin('vitest', 'vitest')
  // The suites start this program some hundreds of times; compiled once, it starts in half the time.
  const compiled = join(root, 'node_modules/.cache/compiled')
  const files = memoryFolder()
  const folder = files === null ? {} : { TMPDIR: files.path }
  const env = { NODE_COMPILE_CACHE: compiled, ...process.env, ...folder, STUDIO_TEST_COUNTS: counts }
  const code = await run(node, [vitest, 'run', ...vitestArgs], { env }).finally(() => files?.remove())
  if (!existsSync(counts)) {
    console.log('0 passed, 1 failed, 0 skipped')
    return 1
  }
  const { passed, failed, skipped } = JSON.parse(readFileSync(counts, 'utf8'))
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
  return code === 0 && failed > 0 ? 1 : code
}

const commands = {
  async build() {
    await prepare()
    return 0
  },

  async cli() {
    return replaceWith(await prepare(), [cliFile, ...args])
  },

  async demo() {
    const startedAt = Date.now()
    const installed = await installIfNeeded()
    const node = findNode24()
    await buildIfNeeded(node)
    const data = join(root, 'out/demo-data')
    const samples = join(root, 'resources/samples')
    const out = join(root, 'demo-output')
    mkdirSync(data, { recursive: true })
    say('Two portraits, two voices, the offline engine: four videos are coming, then one of a simulated paid run.')
    const options = ['--pair', 'all', '--engine', 'offline', '--out', out, '--data-dir', data]
    const rendered = await run(node, [cliFile, 'run', samples, ...options, ...args])
    const code = rendered === 130 ? rendered : (await rehearse(node, out, data)) || rendered
    const seconds = Math.round((Date.now() - startedAt) / 1000)
    const bytes = installed.downloadedBytes
    const download = bytes === null ? '' : `, ${(bytes / 1e6).toFixed(0)} MB downloaded`
    say(`From the command to the last video: ${seconds} s${download}.`)
    return code
  },

  async start() {
    const node = await prepare()
    const web = args.includes('--web')
    const rest = args.filter((arg) => arg !== '--web')
    if (!web) {
      const install = join(root, 'node_modules/electron/install.js')
      if ((await run(node, [install], { stdio: ['ignore', 'ignore', 'ignore'] })) === 0) {
        const path = readFileSync(join(root, 'node_modules/electron/path.txt'), 'utf8')
        return replaceWith(join(root, 'node_modules/electron/dist', path), [root, ...rest])
      }
      say("Electron's binary cannot be downloaded here, so the window opens in your browser instead.")
    }
    return replaceWith(node, [cliFile, 'serve', '--open', ...rest])
  },

  async check() {
    // In CI the tests follow, and the packages are to be installed once, after the system parts that they build against.
    if (process.env.CI) await ensureSystemParts()
    await installIfNeeded()
    const node = findNode24()
    // The types of generated and bundled parts are part of the check, so every tool sees the same tree.
    const tools = [
      ['types', [bin('typescript', 'tsc'), '-b']],
      ['lint and import zones', [bin('oxlint', 'oxlint'), '--deny-warnings']],
      ['format', [bin('prettier', 'prettier'), '--check', '--log-level', 'warn', '.']],
      ['unused files, exports and packages', [bin('knip', 'knip')]],
    ]
    const check = async ([name, argv]) => {
      const code = await run(node, argv)
      say(`${code === 0 ? 'ok    ' : 'FAILED'} ${name}`)
      return code
    }
    // The types take as long as all the others, and most machines have a second core.
    const [types, ...others] = tools
    const ofTypes = check(types)
    const codes = []
    for (const tool of others) codes.push(await check(tool))
    const failed = [await ofTypes, ...codes].filter((code) => code !== 0).length
    return failed === 0 ? 0 : 1
  },

  async test() {
    return runTests(args)
  },

  async 'test:faults'() {
    return runTests(['--config', join(root, 'vitest.faults.config.ts'), ...args])
  },

  /** electron-builder's own arguments follow: `npm run package -- --linux dir`. */
  async package() {
    const builder = bin('electron-builder', 'electron-builder')
    return run(await prepare(), [builder, '--config', 'build/electron-builder.ts', ...args], { cwd: root })
  },

  async bench() {
    return run(await prepare(), [join(root, 'scripts/bench/index.ts'), ...args])
  },

  async 'smoke:electron'() {
    return run(await prepare(), [join(root, 'scripts/smoke-electron.mjs'), ...args])
  },
}

const action = Object.hasOwn(commands, command) ? commands[command] : undefined
if (action === undefined) {
  say(`Unknown command: ${command}. Known: ${Object.keys(commands).join(', ')}.`)
  process.exitCode = 2
} else {
  try {
    process.exitCode = await action()
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
}
