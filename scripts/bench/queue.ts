import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import pino from 'pino'
import { chromium } from 'playwright-core'
import { openDatabase } from '../../src/main/core/db/database.ts'
import { createJobStore } from '../../src/main/core/jobs/job-store.ts'
import { chromiumPath } from '../measure/chromium-path.ts'

/** 10,000 jobs: how long it takes to insert them in one transaction, and whether the window's list still scrolls freely. */

const JOBS = 10_000
const SCROLL_STEPS = 200
const logger = pino({ enabled: false })

export type QueueFigures = {
  /** At most 1. */
  readonly insertSeconds: number
  /** The longest task of the page while its list is scrolled from end to end; 0 when none was over 50 ms, the aim. */
  readonly longestTaskMs: number
}

function insertJobs(dataDir: string): number {
  const database = openDatabase({ dataDir, now: Date.now, logger })
  const store = createJobStore(database, logger)
  store.setPaused(true)
  const startedAt = performance.now()
  store.transaction(() => {
    store.insertBatch('batch', Date.now())
    for (let i = 0; i < JOBS; i++) {
      const name = String(i).padStart(5, '0')
      store.insert(
        {
          jobId: `job-${name}`,
          batchId: 'batch',
          step: 'check',
          engine: 'offline',
          source: `/pictures/portrait-${name}.png`,
          voice: `/voices/voice-${name}.wav`,
          driver: null,
          request: { parameters: {}, outputFolder: '/videos', folder: '', repair: false, aiLabel: true },
          requestKey: name,
          identity: null,
          work: {},
          findings: [],
        },
        i + 1,
        Date.now(),
      )
    }
  })
  const seconds = (performance.now() - startedAt) / 1000
  database.close()
  return seconds
}

async function scrollList(dataDir: string): Promise<number> {
  const cli = resolve(import.meta.dirname, '../../out/main/cli.js')
  const host = spawn(process.execPath, [cli, 'serve', '--json', '--data-dir', dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  try {
    const url = await new Promise<string>((found, fail) => {
      host.once('close', () => fail(new Error('the browser host ended')))
      createInterface({ input: host.stdout }).on('line', (line) => {
        const event = JSON.parse(line) as { event: string; url?: string }
        if (event.url !== undefined) found(event.url)
      })
    })
    const page = await browser.newPage()
    await page.goto(url)
    await page.getByRole('button', { name: /^Queue/ }).click()
    await page.getByRole('row').first().waitFor({ timeout: 30_000 })
    return await page.evaluate(async (steps) => {
      let longest = 0
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) longest = Math.max(longest, entry.duration)
      }).observe({ type: 'longtask' })
      const viewport = document.querySelector('[role=grid]')?.parentElement
      if (!viewport) throw new Error('no list')
      for (let step = 1; step <= steps; step++) {
        viewport.scrollTop = (viewport.scrollHeight * step) / steps
        await new Promise((next) => requestAnimationFrame(next))
      }
      await new Promise((next) => setTimeout(next, 500))
      return longest
    }, SCROLL_STEPS)
  } finally {
    await browser.close()
    host.kill('SIGTERM')
  }
}

export async function benchQueue(): Promise<QueueFigures> {
  const dataDir = mkdtempSync(join(tmpdir(), 'studio-bench-queue-'))
  try {
    const insertSeconds = insertJobs(dataDir)
    return { insertSeconds, longestTaskMs: await scrollList(dataDir) }
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

if (import.meta.main) console.log(await benchQueue())
