/**
 * Looks over the built JavaScript with electronegativity and compares its findings with those that docs/security.md answers:
 * `node scripts/packaging/scan.ts PROGRAM`, where PROGRAM is the scanner's JavaScript file (the workflow fetches a pinned
 * version; it wants a Node of its own age, `node`). Exit code 1 for a finding without an answer, an answer without a finding, and a file that it cannot parse.
 */

import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'

/** Check and file; each has its paragraph in docs/security.md. */
const ANSWERED = [
  'CSP_GLOBAL_CHECK N/A',
  'OPEN_EXTERNAL_JS_CHECK index.js',
  'AUXCLICK_JS_CHECK index.js',
  'PRELOAD_JS_CHECK index.js',
]
/** A finding's line: check, severity, confidence, file. The rest quotes code without escaping it. */
const FINDING = /^(\w+),"\w+","\w+","([^"]*)"/gm

const root = resolve(import.meta.dirname, '../..')
const scanner = process.argv[2]
if (scanner === undefined) throw new Error('Name the file of the scanner.')
const folder = mkdtempSync(join(tmpdir(), 'studio-scan-'))
try {
  for (const part of ['main', 'helpers', 'preload', 'renderer'])
    cpSync(join(root, 'out', part), join(folder, part), { recursive: true })
  // The scanner passes over .cjs; the command line is not part of the app.
  renameSync(join(folder, 'preload/index.cjs'), join(folder, 'preload/index.js'))
  rmSync(join(folder, 'main/cli.js'))
  cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  const report = join(folder, 'report.csv')
  const done = spawnSync('node', [scanner, '-i', folder, '-o', report], { encoding: 'utf8' })
  if (done.error !== undefined) throw done.error
  if (!existsSync(report)) throw new Error(`The scanner wrote no report:\n${done.stderr.slice(-500)}`)
  const unread = `${done.stdout}\n${done.stderr}`.split('\n').filter((line) => /error parsing/i.test(line))
  const found = [...readFileSync(report, 'utf8').matchAll(FINDING)].map(
    ([, check = '', file = '']) => `${check} ${file === 'N/A' ? file : basename(file)}`,
  )
  const open = [...found.filter((finding) => !ANSWERED.includes(finding)), ...unread]
  const gone = ANSWERED.filter((answer) => !found.includes(answer))
  for (const finding of open) console.error(`not answered: ${finding}`)
  for (const answer of gone) console.error(`answered, but not found any more: ${answer}`)
  console.log(`${found.length} findings, ${open.length} without an answer`)
  if (open.length + gone.length > 0) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
