import { mkdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

// Node's own `recursive` never ends where a file system says "not found" to a new folder although its parent is there
// (/proc does): each parent is made at most once here.

/** Makes a folder with its parents; one that exists is no error. Throws what the file system says. */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, { mode })
  } catch (error) {
    if (isCode(error, 'EEXIST')) return
    if (!isCode(error, 'ENOENT') || dirname(path) === path) throw error
    await makeFolder(dirname(path), mode)
    await mkdir(path, { mode }).catch(ignoreExisting)
  }
}

/** The same, at once: for the few folders that must be there before anything else. */
export function makeFolderSync(path: string, mode = 0o777): void {
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    if (isCode(error, 'EEXIST')) return
    if (!isCode(error, 'ENOENT') || dirname(path) === path) throw error
    makeFolderSync(dirname(path), mode)
    try {
      mkdirSync(path, { mode })
    } catch (second) {
      ignoreExisting(second)
    }
  }
}

function ignoreExisting(error: unknown): void {
  if (!isCode(error, 'EEXIST')) throw error
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
