import { createHash } from 'node:crypto'
import { readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import type { Logger } from 'pino'
import { z } from 'zod'
import { StudioError } from '../../shared/errors.ts'
import type { Database } from './db/database.ts'
import { download } from './lib/download.ts'
import type { HttpClient } from './lib/http-client.ts'
import { PRIVATE_FILE_MODE, ensurePrivateFolder } from './lib/private-files.ts'
import { safeStem } from './lib/safe-file-name.ts'
import { checkForeignUrl, withoutQuery } from './lib/url-rules.ts'
import type { Clock } from './ports.ts'
import type { StorageBackend } from './storage/storage-backend.ts'

type FetchDependencies = {
  readonly folder: string
  readonly database: Database
  readonly http: HttpClient
  readonly clock: Clock
  readonly logger: Logger
}

/** No input of any engine is larger. */
const MAX_BYTES = 4096 * 1_048_576
/** A fetched file that no open job uses is kept so long: the batch that wants it is just being made. */
const KEPT_MS = 3600_000
const ADDRESS_FILE = 'address.json'
const ADDRESS_KEY = 'address:'

/** For an address whose path has no ending: what the server says it is. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/jpeg': '.jpg',
  'image/png': '.png',
  'image/webp': '.webp',
  'image/bmp': '.bmp',
  'audio/wav': '.wav',
  'audio/x-wav': '.wav',
  'audio/mpeg': '.mp3',
  'video/mp4': '.mp4',
}

const recordSchema = z.strictObject({ url: z.string(), sha256: z.string() })

/**
 * Inputs that are given as public https addresses: fetched once to be checked and measured, and handed to a vendor as
 * the address itself, as long as what is sent is what was fetched.
 */
export function createFetchedInputs({ folder, database, http, clock, logger }: FetchDependencies) {
  const addresses = new Map<string, string>()
  /** By the place of the fetched file. */
  const shown = new Map<string, string>()

  async function openJobPaths(): Promise<Set<string>> {
    const rows = database.all(
      "SELECT source, voice, driver FROM jobs WHERE state IN ('queued', 'running', 'waiting', 'needs_attention')",
    )
    return new Set(rows.flatMap((row) => [row['source'], row['voice'], row['driver']].map(String)))
  }

  return {
    /**
     * Fetches a file and gives its place. Throws E-URL-BLOCKED for everything but https to a public host, redirects
     * included, E-INPUT-MISSING, E-INPUT-TOO-LARGE, E-INPUT-UNAVAILABLE, E-NET-*.
     */
    fetch: async (text: string, signal: AbortSignal): Promise<string> => {
      const file = withoutQuery(text)
      const rules = { vendorSuffixes: [] }
      const { url, allowance } = checkForeignUrl(text, rules)
      const head = await http.call({ method: 'HEAD', url, allowance, headers: {}, signal })
      const sizeBytes = Number(head.headers['content-length'] ?? 0)
      if (sizeBytes > MAX_BYTES)
        throw new StudioError('E-INPUT-TOO-LARGE', { params: { file, value: sizeBytes, limit: MAX_BYTES } })
      const place = join(folder, createHash('sha256').update(url.href).digest('hex').slice(0, 16))
      ensurePrivateFolder(place)
      const partial = join(place, '.part')
      try {
        const { sha256 } = await download(http, {
          url: url.href,
          rules,
          toPath: partial,
          maxBytes: MAX_BYTES,
          signal,
          monotonic: clock.monotonic,
          onProgress: () => undefined,
          onValidator: () => undefined,
        })
        const path = join(place, nameOf(url, head.headers['content-type'] ?? ''))
        await rename(partial, path)
        await writeFile(join(place, ADDRESS_FILE), JSON.stringify({ url: url.href, sha256 }), {
          mode: PRIVATE_FILE_MODE,
        })
        addresses.set(sha256, url.href)
        shown.set(path, file)
        return path
      } catch (thrown) {
        await rm(partial, { force: true })
        signal.throwIfAborted()
        throw asInputError(thrown, file)
      }
    },

    /** The address that a file was fetched from, without its query; null for any other file. */
    addressOf: (path: string): string | null => shown.get(path) ?? null,

    /** Reads what an earlier run fetched, and takes away what no open job uses. */
    begin: async (): Promise<void> => {
      const used = await openJobPaths()
      for (const name of await readdir(folder).catch(() => [])) {
        const place = join(folder, name)
        try {
          const isUsed = (await readdir(place)).some((child) => used.has(join(place, child)))
          if (!isUsed && clock.now() - (await stat(place)).mtimeMs > KEPT_MS) {
            await rm(place, { recursive: true, force: true })
            continue
          }
          const { url, sha256 } = recordSchema.parse(JSON.parse(await readFile(join(place, ADDRESS_FILE), 'utf8')))
          addresses.set(sha256, url)
          for (const child of await readdir(place)) shown.set(join(place, child), withoutQuery(url))
        } catch (cause) {
          logger.warn({ place, cause }, 'a fetched input could not be looked at')
        }
      }
    },

    /** A storage that gives such inputs by their own addresses and puts only the others. */
    around: (backend: StorageBackend): StorageBackend => {
      const { delete: remove } = backend
      const isAddress = (key: string) => key.startsWith(ADDRESS_KEY)
      return {
        ...backend,
        newKey: (file) => {
          const url = file.sha256 === undefined ? undefined : addresses.get(file.sha256)
          return url === undefined ? backend.newKey(file) : `${ADDRESS_KEY}${url}`
        },
        put: async (key, file, context) => {
          if (!isAddress(key)) return backend.put(key, file, context)
          context.onProgress(file.sizeBytes)
          return key
        },
        signedUrl: async (key, lifetimeSeconds) =>
          isAddress(key) ? key.slice(ADDRESS_KEY.length) : backend.signedUrl(key, lifetimeSeconds),
        ...(remove === undefined
          ? {}
          : { delete: async (key, signal) => (isAddress(key) ? undefined : remove(key, signal)) }),
      }
    },
  }
}

function nameOf(url: URL, contentType: string): string {
  const last = basename(decodeURIComponentSafely(url.pathname))
  const extension =
    extname(last) === '' ? (EXTENSIONS[contentType.split(';', 1)[0]?.trim() ?? ''] ?? '') : extname(last)
  return `${safeStem(basename(last, extname(last)))}${extension}`
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The words of a download of results, said of an input. */
function asInputError(thrown: unknown, file: string): unknown {
  if (!(thrown instanceof StudioError)) return thrown
  if (thrown.code === 'E-RESULT-EXPIRED') return new StudioError('E-INPUT-MISSING', { params: { file }, cause: thrown })
  if (thrown.code === 'E-RESULT-BAD') return new StudioError('E-INPUT-UNAVAILABLE', { params: { file }, cause: thrown })
  return thrown
}
