import type { StudioEvent } from '../../shared/api/index.ts'
import type { HttpClient } from './lib/http-client.ts'
import type { Ports } from './ports.ts'

type UpdateDependencies = {
  readonly ports: Pick<Ports, 'clock' | 'logger' | 'version' | 'releasePage'>
  readonly http: Pick<HttpClient, 'call'>
  /** The person's choice, read before every look. */
  readonly isWanted: () => boolean
  /** While work is going on, nothing is asked and nothing is told. */
  readonly isBusy: () => boolean
  readonly emit: (event: StudioEvent) => void
  readonly signal: AbortSignal
}

export type Update = { readonly version: string; readonly page: string }

const FIRST_LOOK_MS = 60_000
const LOOK_MS = 24 * 3_600_000
const BUSY_MS = 15 * 60_000

/**
 * Looks once a day whether the release page names a newer version, and tells of it once. Where the newest release's page
 * redirects to is all that is read: nothing is downloaded, and nothing of this computer is said.
 */
export function createUpdates({ ports, http, isWanted, isBusy, emit, signal }: UpdateDependencies) {
  const { clock, logger, version, releasePage } = ports
  let found: Update | null = null
  let timer: { readonly cancel: () => void } | null = null

  const schedule = (delayMs: number) => {
    timer = clock.setTimer(delayMs, () => void lookOn())
  }

  async function lookOn(): Promise<void> {
    const next = await look()
    if (!signal.aborted) schedule(next)
  }

  /** Gives the milliseconds until the next look. */
  async function look(): Promise<number> {
    if (releasePage === undefined || !isWanted()) return LOOK_MS
    if (isBusy()) return BUSY_MS
    try {
      const call = { method: 'HEAD', url: releasePage, allowance: 'public-or-fake-ip', headers: {}, signal } as const
      const { headers } = await http.call(call)
      const newest = newerVersion(headers['location'] ?? '', releasePage, version)
      if (newest === null || newest === found?.version) return LOOK_MS
      if (isBusy()) return BUSY_MS
      found = { version: newest, page: releasePage.href }
      emit({ name: 'update-found', payload: found })
    } catch (cause) {
      logger.info({ cause }, 'the release page could not be asked')
    }
    return LOOK_MS
  }

  return {
    begin: () => (releasePage === undefined ? undefined : schedule(FIRST_LOOK_MS)),
    found: () => (isWanted() ? found : null),
    stop: () => timer?.cancel(),
  }
}

/** The version that the newest release's address names when it belongs to the same releases and is newer; else null. */
export function newerVersion(location: string, releasePage: URL, version: string): string | null {
  const base = releasePage.href.replace(/\/latest$/, '')
  const tag = location.startsWith(`${base}/tag/`) ? location.slice(base.length + '/tag/'.length) : ''
  const [newest, present] = [numbersOf(tag), numbersOf(version)]
  if (newest === null || present === null) return null
  const difference = newest.map((part, index) => part - (present[index] ?? 0)).find((part) => part !== 0) ?? 0
  return difference > 0 ? newest.join('.') : null
}

function numbersOf(text: string): number[] | null {
  const match = /^v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})$/.exec(text)
  return match === null ? null : match.slice(1).map(Number)
}
