import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserWindow, Rectangle } from 'electron'
import { z } from 'zod'
import { PRIVATE_FILE_MODE } from '../../core/lib/private-files.ts'
import type { Ports } from '../../core/ports.ts'

const RECENT_FOLDERS = 10
/** Of a window that comes back, at least this much must lie on a screen to be taken hold of. */
const VISIBLE_PX = 80

const boundsSchema = z.object({ x: z.number(), y: z.number(), width: z.number().min(1), height: z.number().min(1) })
const stateSchema = z.object({
  bounds: boundsSchema.optional().catch(undefined),
  isMaximized: z.boolean().catch(false),
  recentFolders: z.array(z.string()).max(RECENT_FOLDERS).catch([]),
})
type State = z.infer<typeof stateSchema>

/**
 * Where the window stood and which folders were used last, in `window.json` of the data folder. A damaged file is an
 * empty one, and one that cannot be written (a full disk) is not worth more than a line in the log.
 */
export function openWindowState(dataDir: string, logger: Pick<Ports['logger'], 'warn'>) {
  const file = join(dataDir, 'window.json')
  let state = read(file)
  const save = (change: Partial<State>) => {
    state = { ...state, ...change }
    try {
      writeFileSync(`${file}.new`, JSON.stringify(state), { mode: PRIVATE_FILE_MODE })
      renameSync(`${file}.new`, file)
    } catch (cause) {
      logger.warn({ cause }, 'where the window stands could not be kept')
    }
  }
  return {
    /** The last bounds, unless the screen they were on is gone. */
    bounds: (screens: readonly Rectangle[]): Rectangle | undefined =>
      state.bounds !== undefined && screens.some((screen) => overlaps(screen, state.bounds)) ? state.bounds : undefined,
    isMaximized: () => state.isMaximized,
    recentFolders: (): readonly string[] => state.recentFolders,
    keep: (window: Pick<BrowserWindow, 'getNormalBounds' | 'isMaximized'>) =>
      save({ bounds: window.getNormalBounds(), isMaximized: window.isMaximized() }),
    addRecentFolder: (path: string) =>
      save({
        recentFolders: [path, ...state.recentFolders.filter((other) => other !== path)].slice(0, RECENT_FOLDERS),
      }),
  }
}

function read(file: string): State {
  try {
    return stateSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    // The first start, or a file that says nothing: where a window stood is not worth a sentence.
    return stateSchema.parse({})
  }
}

function overlaps(screen: Rectangle, bounds: Rectangle | undefined): boolean {
  if (bounds === undefined) return false
  const across = Math.min(screen.x + screen.width, bounds.x + bounds.width) - Math.max(screen.x, bounds.x)
  // The title bar: its height is not known, its top edge is.
  const isTitleOn = bounds.y >= screen.y - 1 && bounds.y <= screen.y + screen.height - VISIBLE_PX
  return across >= VISIBLE_PX && isTitleOn
}
