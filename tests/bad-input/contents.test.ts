import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ENGINE_LIMITS } from '../../src/shared/model/limits.ts'
import { checkResultSchema } from '../../src/shared/model/media.ts'
import { imageRows } from './image-rows.ts'
import type { Expectation, Row } from './rows.ts'
import { soundRows } from './sound-rows.ts'
import { createTestMedia } from './test-media.ts'

const folder = mkdtempSync(join(tmpdir(), 'bad-input-'))
const media = createTestMedia()
afterAll(() => {
  media.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Each file is made once and asked about for every engine. */
const paths = new Map<string, Promise<string>>()
function pathOf(row: Row): Promise<string> {
  const known = paths.get(row.id)
  if (known !== undefined) return known
  const own = join(folder, row.id)
  mkdirSync(own)
  const making = Promise.resolve(row.make(own))
  paths.set(row.id, making)
  return making
}

const hashOf = (path: string) => (existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : '')

async function check(path: string, engine: 'offline' | 'dashscope') {
  const before = hashOf(path)
  const quick = await media.check(path, ENGINE_LIMITS[engine])
  const result = checkResultSchema.parse(await media.checkDeeply(quick))
  expect(hashOf(path), 'the source file is unchanged').toBe(before)
  return result
}

const about = (seconds: number) => expect.closeTo(seconds, 1) as number

function expectResult(result: Awaited<ReturnType<typeof check>>, expected: Expectation) {
  const errors = result.findings.filter(({ level }) => level === 'error')
  const [first] = errors
  const told = result.findings
    .filter(({ level }) => level !== 'error')
    .map(({ code, params }) => `${code}:${String(params['reason'] ?? '')}`)
  expect({ errors: errors.map(({ code }) => code), notes: told }).toEqual({
    errors: expected.errors ?? [],
    notes: expected.notes ?? [],
  })
  for (const finding of result.findings) expect(finding.params['file'], 'every finding names its file').toBeTruthy()
  const { errors: _, notes: __, durationSeconds, ...rest } = expected
  const { facts } = result
  const seen = {
    reason: first?.params['reason'],
    value: first?.value ?? first?.params['value'],
    limit: first?.limit ?? first?.params['limit'],
    repair: first?.repair,
    format: facts.format,
    size: [facts.width, facts.height],
    durationSeconds: facts.durationSeconds,
  }
  expect(seen).toMatchObject(
    durationSeconds === undefined ? rest : { ...rest, durationSeconds: about(durationSeconds) },
  )
  const isRepairable = errors.length > 0 && errors.every(({ repair }) => repair !== undefined)
  expect(result.verdict).toBe(errors.length === 0 ? 'ok' : isRepairable ? 'repairable' : 'rejected')
}

describe.each(['offline', 'dashscope'] as const)('check for %s', (engine) => {
  test.each([...imageRows, ...soundRows])('$id: $title', async (row) => {
    expectResult(await check(await pathOf(row), engine), row[engine])
  })
})
