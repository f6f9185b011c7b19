import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import pino from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { scaledClock } from '../../../tests/fixtures/scaled-clock.ts'
import { tempFolder } from '../../../tests/fixtures/temp-folder.ts'
import { openDatabase } from './db/database.ts'
import { createTempFiles } from './jobs/temp-files.ts'
import { createVideoHandlers } from './video-handlers.ts'

it('a file that a killed sound swap may leave in a folder of results is known before it is there', async () => {
  const root = tempFolder()
  const out = join(root, 'out')
  mkdirSync(out)
  const job = { output: join(out, 'a.mp4'), source: '/in/a.mp4', voice: null, driver: '/in/b.mp4' }
  writeFileSync(job.output, 'video')
  const database = openDatabase({ dataDir: root, now: Date.now, logger: pino({ enabled: false }) })
  onTestFinished(database.close)
  const tempFiles = createTempFiles(database)
  const { handlers } = createVideoHandlers({
    media: {
      contentHash: async () => '',
      copyVideo: async () => undefined,
      swapSound: async (_path, _sound, target) => {
        expect(dirname(target)).toBe(out)
        expect(tempFiles.all()).toEqual([{ path: target, jobId: 'job-1' }])
        writeFileSync(target, 'with sound')
      },
    },
    store: { find: () => job },
    tempFiles,
    database,
    clock: scaledClock(1),
    newId: () => 'random-1',
    signal: new AbortController().signal,
    folder: join(root, 'fitted'),
  })
  expect(await handlers['jobs.swapSound']({ jobId: 'job-1', from: 'driver' })).toEqual({
    path: join(out, 'a.driver-sound.mp4'),
  })
  expect(readdirSync(out).sort()).toEqual(['a.driver-sound.mp4', 'a.mp4'])
  expect(tempFiles.all()).toEqual([])
})
