/**
 * Fetches every ffmpeg and ffprobe of build/tools.json and writes their SHA-256 into it: `node scripts/packaging/pin-tools.ts`.
 * A hash that is there already and differs is an error: a file under the same address must never change.
 */

import { writeFileSync } from 'node:fs'
import { TABLE_FILE, fetchRow, readTable, sha256Of } from '../../build/provide-tools.ts'

const rows = readTable()
for (const [index, row] of rows.entries()) {
  const sha256 = sha256Of(await fetchRow(row))
  if (row.sha256 !== '' && row.sha256 !== sha256) throw new Error(`${row.url} has changed: SHA-256 ${sha256}`)
  rows[index] = { ...row, sha256 }
  console.log(`${sha256}  ${row.url}`)
}
writeFileSync(TABLE_FILE, `${JSON.stringify(rows, null, 2)}\n`)
