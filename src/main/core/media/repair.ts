import { constants } from 'node:fs'
import { copyFile, mkdir, mkdtemp, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckResult, Finding, MediaLimits, RepairKind } from '../../../shared/model/media.ts'
import type { HelperClient } from './helper-client.ts'
import { extensionOf } from './sniff-format.ts'

type RepairTask = {
  readonly result: CheckResult
  readonly limits: MediaLimits
  /** The job's own folder for copies; made when absent. */
  readonly tempDir: string
  readonly ffmpegPath: () => string
  readonly emptyFolder: string
  readonly decoders: HelperClient
  readonly signal?: AbortSignal | undefined
}

/** Formats that can be redrawn in themselves. */
const REDRAWN = new Set(['jpeg', 'png', 'webp'])

/**
 * Makes those lossless repairs that this engine needs, on a copy. Returns the path to use from now on (the source's
 * own when nothing was due) and the findings of the repairs that were made. Throws E-INPUT-CORRUPT, E-TOOL-*.
 */
export async function repairLossless(task: RepairTask): Promise<{ path: string; notes: Finding[] }> {
  const { result, limits, tempDir, signal } = task
  const format = result.facts.format ?? ''
  const isNeeded = (repair: RepairKind | undefined): boolean => {
    switch (repair) {
      case 'orientation':
        return limits.image?.uprightPixels === true && REDRAWN.has(format)
      case 'even-sides':
        return limits.image?.evenSides === true && REDRAWN.has(format)
      case 'header':
        return true
      case 'extension':
        return limits.goesByName === true
      default:
        return false
    }
  }
  const notes = result.findings.filter(({ repair, level }) => level === 'note' && isNeeded(repair))
  const due = new Set(notes.map(({ repair }) => repair))
  if (due.size === 0) return { path: result.path, notes: [] }

  await mkdir(tempDir, { recursive: true, mode: 0o700 })
  const folder = await mkdtemp(join(tempDir, 'repaired-'))
  const target = join(folder, `${result.kind}.${extensionOf(format)}`)
  const source = await realpath(result.path)
  signal?.throwIfAborted()
  if (due.has('orientation') || due.has('even-sides')) {
    const hasEvenSides = limits.image?.evenSides === true
    await task.decoders.ask({ task: 'redraw', path: source, format, hasEvenSides, target }, signal)
  } else if (due.has('header')) {
    const rewrite = { task: 'rewrite', path: source, format, cwd: task.emptyFolder, target } as const
    await task.decoders.ask({ ...rewrite, ffmpegPath: task.ffmpegPath() }, signal)
  } else {
    await copyFile(source, target, constants.COPYFILE_FICLONE)
  }
  return { path: target, notes }
}
