import tls from 'node:tls'
import type { Session } from 'electron'
import { proxyFromEnvironment } from '../../core/lib/env-proxy.ts'
import type { Ports } from '../../core/ports.ts'
import { StudioError } from '../../../shared/errors.ts'

/** The environment's proxy where it names one for a URL, else the system's. Throws E-NET-OFFLINE for a kind we do not speak. */
export function systemProxy(
  session: Pick<Session, 'resolveProxy'>,
  env: Ports['env'],
): NonNullable<Ports['resolveProxy']> {
  return async (url) => proxyFromEnvironment(env, url) ?? proxyOf(await session.resolveProxy(url.href), url)
}

const SCHEMES: Readonly<Record<string, string>> = { PROXY: 'http', HTTPS: 'https', SOCKS5: 'socks5' }

/** The first proxy that can be used of an answer such as `PROXY a:8080; SOCKS5 b:1080; DIRECT`; null for none. */
export function proxyOf(answer: string, url: URL): string | null {
  const choices = answer.split(';').map((choice) => choice.trim().split(/\s+/))
  for (const [kind = '', host = ''] of choices) {
    if (kind === 'DIRECT' || kind === '') return null
    const scheme = SCHEMES[kind]
    if (scheme !== undefined && URL.canParse(`${scheme}://${host}`)) return `${scheme}://${host}`
  }
  // Around a proxy that the system wants, nothing is sent.
  throw new StudioError('E-NET-OFFLINE', { params: { host: url.host, value: answer.slice(0, 100) }, retryable: true })
}

/** Trusts what the system trusts, beside the list that Node brings: the certificates of companies stand only there. */
export function trustSystemCertificates(logger: Ports['logger']): void {
  try {
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), ...tls.getCACertificates('system')])
  } catch (cause) {
    logger.warn({ cause }, 'the certificates of the system could not be read')
  }
}
