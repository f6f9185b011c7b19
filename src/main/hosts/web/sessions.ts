import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../core/ports.ts'

export type Sessions = {
  /** At least 128 bits; stands in the printed address and nowhere else. */
  readonly token: string
  /** Exchanges the token for the value of a `Set-Cookie` header, or null. A stranger who guesses is slowed down. */
  readonly exchange: (token: string) => Promise<string | null>
  readonly holds: (request: IncomingMessage) => boolean
}

const FREE_TRIES = 10
const DELAY_MS = 1000
/** One a browser profile that opened the link; the oldest gives way. */
const MAX_SESSIONS = 64

/**
 * Sessions of one start of the browser host. The token is spent on a cookie and never sent again; cookies of an earlier
 * start are unknown here. The cookie's name holds the port, because browsers share cookies between ports.
 */
export function createSessions(clock: Clock, port: () => number): Sessions {
  const token = randomBytes(24).toString('base64url')
  const digests: Buffer[] = []
  const cookieName = () => `studio-${port()}`
  let badTries = 0
  return {
    token,
    exchange: async (given) => {
      if (badTries >= FREE_TRIES) await new Promise<void>((resolve) => clock.setTimer(DELAY_MS, resolve))
      if (!timingSafeEqual(digest(given), digest(token))) {
        badTries += 1
        return null
      }
      const value = randomBytes(24).toString('base64url')
      digests.push(digest(value))
      if (digests.length > MAX_SESSIONS) digests.shift()
      return `${cookieName()}=${value}; HttpOnly; SameSite=Strict; Path=/`
    },
    holds: (request) => {
      const prefix = `${cookieName()}=`
      const cookies = (request.headers.cookie ?? '').split(/;\s*/)
      const value = cookies.find((cookie) => cookie.startsWith(prefix))?.slice(prefix.length)
      if (value === undefined) return false
      const given = digest(value)
      return digests.some((known) => timingSafeEqual(known, given))
    },
  }
}

/** Equal lengths for the constant-time comparison, and no secret kept as it is. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
