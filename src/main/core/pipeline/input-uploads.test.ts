import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createTestMedia } from '../../../../tests/bad-input/test-media.ts'
import { tempFolder } from '../../../../tests/fixtures/temp-folder.ts'
import { StudioError } from '../../../shared/errors.ts'
import { takeCopy } from './input-uploads.ts'

const TRIES = 1_000
const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

test('a file that is swapped while it is taken is sent as it was checked, or not at all', async () => {
  const folder = tempFolder()
  const media = createTestMedia()
  onTestFinished(() => media.stop())
  const path = join(folder, 'portrait.png')
  // Two files of one length, so that no size tells them apart.
  const contents = [randomBytes(40_000), randomBytes(40_000)]
  const put = (bytes: Buffer | undefined): void => {
    writeFileSync(`${path}.new`, bytes ?? '')
    renameSync(`${path}.new`, path)
  }
  put(contents[0])
  const sha256 = await media.contentHash(path)
  const facts = { format: 'png' }
  const check = { mediaId: 'm', path, kind: 'image' as const, verdict: 'ok' as const, findings: [], facts }
  const original = { role: 'source' as const, path, sha256, ...(await media.fingerprint(path)) }
  const outcomes = { asChecked: 0, refused: 0 }
  for (let at = 0; at < TRIES; at += 1) {
    put(contents[at % 2])
    const taking = takeCopy(
      media,
      check,
      { role: 'source', path, original },
      join(folder, String(at)),
      AbortSignal.timeout(60_000),
    )
    put(contents[(at + 1) % 2])
    try {
      const file = await taking
      expect([file.sha256, sha256Of(readFileSync(file.path))]).toEqual([sha256, sha256])
      outcomes.asChecked += 1
    } catch (thrown) {
      if (!(thrown instanceof StudioError)) throw thrown
      expect(thrown.code).toBe('E-INPUT-CHANGED')
      outcomes.refused += 1
    }
  }
  expect(outcomes.asChecked + outcomes.refused).toBe(TRIES)
  expect(outcomes.refused).toBeGreaterThan(0)
  expect(outcomes.asChecked).toBeGreaterThan(0)
})
