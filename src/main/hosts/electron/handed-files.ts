import { statSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The existing files and folders among the arguments of a start; switches and everything else have no effect.
 * `ownPath` is the app's own folder, which stands among the arguments of a start from a checkout.
 */
export function handedPaths(args: readonly string[], cwd: string, ownPath: string): string[] {
  return args.flatMap((arg) => {
    const path = arg === '' || arg.startsWith('-') ? null : pathOf(arg, cwd)
    return path !== null && path !== ownPath && isFileOrFolder(path) ? [path] : []
  })
}

function pathOf(arg: string, cwd: string): string | null {
  if (/^file:/i.test(arg)) {
    try {
      return fileURLToPath(arg)
    } catch {
      // Another computer's file, or no address at all.
      return null
    }
  }
  return isAbsolute(cwd) ? resolve(cwd, arg) : null
}

function isFileOrFolder(path: string): boolean {
  try {
    const stats = statSync(path)
    return stats.isFile() || stats.isDirectory()
  } catch {
    // Not there, or not for us to look at: nothing is handed over.
    return false
  }
}

/** Keeps what was handed over until the window fetches it. `changed` is called when there is something new. */
export function createHandedFiles(changed: () => void) {
  let waiting: string[] = []
  return {
    add: (paths: readonly string[]) => {
      if (paths.length === 0) return
      waiting = [...new Set([...waiting, ...paths])]
      changed()
    },
    take: () => waiting.splice(0),
  }
}
