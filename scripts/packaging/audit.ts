/**
 * Asks the registry for known weaknesses of the packages, and whether Electron's line is still served: `node
 * scripts/packaging/audit.ts`. Exit code 1 for a weakness of high severity or an Electron that is out of service. A
 * registry that has no such answer is said and skipped, never counted as passed.
 */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** Electron serves its three newest lines. */
const SERVED_LINES = 3

const npm = (...args: string[]): unknown => {
  const done = spawnSync('npm', args, { encoding: 'utf8', shell: process.platform === 'win32' })
  if (done.error !== undefined) throw done.error
  try {
    return JSON.parse(done.stdout)
  } catch {
    return { message: `${done.stdout}\n${done.stderr}`.trim().slice(0, 300) }
  }
}

const countsSchema = z.object({
  metadata: z.object({ vulnerabilities: z.object({ high: z.number(), critical: z.number() }) }),
})
const answer = npm('audit', '--json')
const counts = countsSchema.safeParse(answer)
if (counts.success) {
  const { high, critical } = counts.data.metadata.vulnerabilities
  console.log(`weaknesses of high severity: ${high}, critical: ${critical}`)
  if (high + critical > 0) process.exitCode = 1
} else {
  console.log(`skipped: the registry does not audit: ${JSON.stringify(answer).slice(0, 300)}`)
}

const manifestSchema = z.object({ devDependencies: z.object({ electron: z.string() }) })
const { devDependencies } = manifestSchema.parse(JSON.parse(readFileSync('package.json', 'utf8')))
const newest = z.string().safeParse(npm('view', 'electron', 'version', '--json'))
const lineOf = (version: string) => Number(version.split('.')[0])
if (newest.success) {
  const behind = lineOf(newest.data) - lineOf(devDependencies.electron)
  console.log(`Electron ${devDependencies.electron}, newest ${newest.data}: ${behind} lines behind`)
  if (behind >= SERVED_LINES) process.exitCode = 1
} else {
  console.log('skipped: the registry does not say which Electron is the newest')
}
