import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { findTools } from '../../src/main/core/lib/find-tools.ts'
import type { Tools } from '../../src/main/core/lib/find-tools.ts'
import { entryLayout } from '../../src/main/core/lib/node-ports.ts'
import type { MediaRow } from '../../src/main/core/media/inspection.ts'
import { createMedia } from '../../src/main/core/media/media.ts'
import type { FindKeep } from '../../src/main/core/media/repair-all.ts'
import type { Media } from '../../src/main/core/media/media.ts'
import type { Clock } from '../../src/main/core/ports.ts'
import { APP_ENTRY } from '../fixtures/app-entry.ts'

export const tools = findTools({ env: process.env })

const wallClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  setTimer: (delayMs, action) => {
    const timer = setTimeout(action, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
}

/** The real media room with rows in memory. */
export function createTestMedia(
  with_: { tools?: Tools; rows?: Map<string, MediaRow>; clock?: Clock; repairedDir?: string; findKeep?: FindKeep } = {},
): Media {
  const rows = with_.rows ?? new Map<string, MediaRow>()
  return createMedia({
    tools: with_.tools ?? tools,
    probeProcess: entryLayout(APP_ENTRY).probeProcess,
    emptyFolder: join(tmpdir(), 'liveportrait-studio-test-empty'),
    cache: {
      find: (path) => rows.get(path) ?? null,
      findById: (mediaId) => [...rows.values()].find((row) => row.mediaId === mediaId) ?? null,
      save: (row) => void rows.set(row.path, row),
    },
    repairedDir: with_.repairedDir ?? join(tmpdir(), 'liveportrait-studio-test-repaired'),
    ...(with_.findKeep === undefined ? {} : { findKeep: with_.findKeep }),
    clock: with_.clock ?? wallClock,
    logger: pino({ enabled: false }),
  })
}
