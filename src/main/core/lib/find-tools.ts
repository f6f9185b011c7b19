import { accessSync, chmodSync, constants, realpathSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, isAbsolute, join } from 'node:path'

export type ToolName = 'ffmpeg' | 'ffprobe'
export type FoundTool = {
  readonly path: string
  /** Where it came from: an environment variable, a package, or a folder of PATH. */
  readonly source: 'environment' | 'package' | 'path'
}
export type Tools = { readonly ffmpeg: FoundTool | null; readonly ffprobe: FoundTool | null }

export type FindToolsOptions = {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder of a packaged app's own tools: then nothing is taken from packages or PATH. */
  readonly toolsDir?: string | undefined
  readonly cwd?: string
  /** The path that an installed package offers; tests hand in their own. */
  readonly fromPackages?: (name: string) => string | null
}

/** The path that an optional package offers, or null. */
function pathFromPackage(name: string): string | null {
  try {
    const offered: unknown = createRequire(import.meta.url)(name)
    const path =
      typeof offered === 'object' && offered !== null && 'path' in offered
        ? offered.path
        : typeof offered === 'string'
          ? offered
          : null
    return typeof path === 'string' ? path : null
  } catch {
    return null
  }
}

function isRunnable(path: string): boolean {
  try {
    if (!statSync(path).isFile()) return false
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Packages that lose the execute bit when their install script does not run get it back where we may. */
function makeRunnable(path: string): boolean {
  if (isRunnable(path)) return true
  try {
    if (!statSync(path).isFile()) return false
    chmodSync(path, 0o755)
  } catch {
    return false
  }
  return isRunnable(path)
}

const fileNameOf = (name: ToolName) => (process.platform === 'win32' ? `${name}.exe` : name)

function fromPath(name: ToolName, options: FindToolsOptions): string | null {
  const fileName = fileNameOf(name)
  const here = realpathOrSelf(options.cwd ?? process.cwd())
  for (const folder of (options.env['PATH'] ?? options.env['Path'] ?? '').split(delimiter)) {
    // A relative entry, or the working folder itself, is where a planted program would lie.
    if (!isAbsolute(folder) || realpathOrSelf(folder) === here) continue
    const candidate = join(folder, fileName)
    if (isRunnable(candidate)) return candidate
  }
  return null
}

function realpathOrSelf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/**
 * Finds ffmpeg and ffprobe. A variable that is set decides alone: when it names nothing runnable, the tool is missing
 * rather than silently another one. Then a packaged app's own. Else ffmpeg: ffmpeg-static, PATH, @ffmpeg-installer (a build of 2018). ffprobe:
 * @ffprobe-installer (static, starts many times faster than a distribution's), PATH.
 */
export function findTools(options: FindToolsOptions): Tools {
  const packagePath = options.fromPackages ?? pathFromPackage
  const offered = (name: string): FoundTool | null => {
    const path = packagePath(name)
    return path !== null && isAbsolute(path) && makeRunnable(path) ? { path, source: 'package' } : null
  }
  const inPath = (name: ToolName): FoundTool | null => {
    const path = fromPath(name, options)
    return path === null ? null : { path, source: 'path' }
  }
  const named = (variable: 'FFMPEG_PATH' | 'FFPROBE_PATH'): FoundTool | null | undefined => {
    const path = options.env[variable]
    if (path === undefined || path === '') return undefined
    return isAbsolute(path) && isRunnable(path) ? { path, source: 'environment' } : null
  }
  const bundled = (name: ToolName): FoundTool | null => {
    const path = join(options.toolsDir ?? '', fileNameOf(name))
    return isRunnable(path) ? { path, source: 'package' } : null
  }
  const ffmpeg = named('FFMPEG_PATH')
  const ffprobe = named('FFPROBE_PATH')
  if (options.toolsDir !== undefined) {
    return {
      ffmpeg: ffmpeg === undefined ? bundled('ffmpeg') : ffmpeg,
      ffprobe: ffprobe === undefined ? bundled('ffprobe') : ffprobe,
    }
  }
  return {
    ffmpeg:
      ffmpeg === undefined
        ? (offered('ffmpeg-static') ?? inPath('ffmpeg') ?? offered('@ffmpeg-installer/ffmpeg'))
        : ffmpeg,
    ffprobe: ffprobe === undefined ? (offered('@ffprobe-installer/ffprobe') ?? inPath('ffprobe')) : ffprobe,
  }
}
