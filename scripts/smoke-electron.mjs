// Starts the real Electron app, makes one sample video in it and plays it: `npm run smoke:electron`.
// `-- --app PROGRAM` tries a packaged app that lets the driver in (STUDIO_DRIVEN=1) instead of the checkout.
// Where the app cannot start (no binary, no display) it says why and counts as skipped; with --required that is a failure.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { _electron } from 'playwright-core'

const root = resolve(import.meta.dirname, '..')
const isRequired = process.argv.includes('--required')
const deadlineMs = 180_000
const appFlag = process.argv.indexOf('--app')
const packaged = appFlag < 0 ? undefined : process.argv[appFlag + 1]

/** Electron's program file, fetched when it is missing and can be had; undefined when it cannot. */
function electronFile() {
  const home = join(root, 'node_modules/electron')
  const fetched = spawnSync(process.execPath, [join(home, 'install.js')], { stdio: 'ignore' })
  const pathFile = join(home, 'path.txt')
  if (fetched.status !== 0 || !existsSync(pathFile)) return undefined
  const file = join(home, 'dist', readFileSync(pathFile, 'utf8'))
  return existsSync(file) ? file : undefined
}

/** Why the app cannot be tried here, or undefined. */
function obstacle() {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    return 'there is no display (xvfb-run offers one)'
  }
  if (packaged === undefined && !existsSync(join(root, 'out/main/index.js'))) return 'the app is not built'
  return undefined
}

/**
 * @param {boolean} condition
 * @param {string} message
 */
function expect(condition, message) {
  if (!condition) throw new Error(message)
  console.log(`ok      ${message}`)
}

/** What the page must not be able to reach. Runs in the page. */
function openDoors() {
  return ['require', 'process', 'module', 'Buffer', 'electron'].filter((name) => name in globalThis)
}

/**
 * Runs in the page: queues the first sample pair and gives its job once it is at rest. Uses the same bridge as the window.
 * @param {{ outputFolder: string, deadlineMs: number }} options
 */
async function makeSampleVideo({ outputFolder, deadlineMs: limitMs }) {
  const { studio } = /** @type {{ studio: { call: (method: string, input: unknown) => Promise<any> } }} */ (
    /** @type {unknown} */ (globalThis)
  )
  /**
   * @param {string} method
   * @param {unknown} input
   */
  const call = async (method, input) => {
    const reply = await studio.call(method, input)
    if (!reply.ok) throw new Error(`${method}: ${JSON.stringify(reply.error)}`)
    return reply.value
  }
  const { pairs } = await call('batch.samples', {})
  const { jobs } = await call('batch.start', { engine: 'offline', pairs: pairs.slice(0, 1), outputFolder })
  const { jobId } = jobs[0]
  const startedAt = performance.now()
  for (;;) {
    const { job } = await call('jobs.show', { jobId })
    if (['done', 'failed', 'cancelled', 'needs_attention', 'expired'].includes(job.state)) return job
    if (performance.now() - startedAt > limitMs) throw new Error(`still ${job.state} (${job.step}) after ${limitMs} ms`)
    await new Promise((wake) => setTimeout(wake, 500))
  }
}

/**
 * Runs in the page: loads the result as the window does and gives its size and length.
 * @param {string} jobId
 */
function loadResult(jobId) {
  return new Promise((loaded, failed) => {
    const video = document.createElement('video')
    video.addEventListener('loadeddata', () => {
      loaded({ width: video.videoWidth, height: video.videoHeight, durationSeconds: video.duration })
    })
    video.addEventListener('error', () => failed(new Error(`the result does not play: ${video.error?.message}`)))
    video.muted = true
    video.src = `studio-media://media/result/${encodeURIComponent(jobId)}`
  })
}

/**
 * @param {string} executablePath
 * @param {string} folder
 */
async function tryApp(executablePath, folder) {
  const app = await _electron.launch({
    executablePath,
    args: packaged === undefined ? [root] : [],
    cwd: folder,
    env: { .../** @type {Record<string, string>} */ (process.env), LIVEPORTRAIT_STUDIO_DATA_DIR: join(folder, 'data') },
    // The sandbox is part of what ships. Only root has to do without it.
    chromiumSandbox: process.getuid?.() !== 0,
    timeout: 60_000,
  })
  const log = app.process()
  log.stderr?.on('data', (text) => process.stderr.write(text))
  try {
    const page = await app.firstWindow()
    /** @type {string[]} */
    const complaints = []
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.locator('main').first().waitFor({ timeout: 30_000 })
    expect((await page.title()).includes('LivePortrait'), 'the window opens and shows its main part')
    expect((await page.evaluate(openDoors)).length === 0, 'the page reaches neither Node nor Electron')
    const job = await page.evaluate(makeSampleVideo, { outputFolder: join(folder, 'out'), deadlineMs })
    expect(job.state === 'done', `the sample job ends as done (${job.state} ${JSON.stringify(job.error ?? '')})`)
    expect(statSync(job.output).size > 10_000, 'its video lies in the output folder')
    const video = await page.evaluate(loadResult, job.jobId)
    expect(video.width > 0 && video.durationSeconds > 1, `the window plays it (${JSON.stringify(video)})`)
    expect(complaints.length === 0, `the page has nothing to complain about ${complaints.join('; ')}`)
  } finally {
    await app.close()
  }
  expect(log.exitCode === 0, 'the app closes by itself')
}

const executablePath = packaged ?? electronFile()
const reason = executablePath === undefined ? "Electron's binary is missing and cannot be fetched" : obstacle()
if (executablePath === undefined || reason !== undefined) {
  console.log(`skipped: ${reason}`)
  process.exitCode = isRequired ? 1 : 0
} else {
  const folder = mkdtempSync(join(tmpdir(), 'liveportrait-smoke-'))
  try {
    await tryApp(executablePath, folder)
  } catch (error) {
    console.error(`FAILED  ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
