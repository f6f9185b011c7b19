import { StudioError } from '../../../shared/errors.ts'
import { assertAllowedHost } from './address-guard.ts'
import type { AddressAllowance } from './address-guard.ts'

/** What a URL out of a response body may be (reliability T12). */
export type UrlRules = {
  /** Host suffixes (with a leading dot) of the vendor: plain http is allowed there, and fake-IP proxies. */
  readonly vendorSuffixes: readonly string[]
  /** The one origin of a loopback override (cli.md, Endpoints), where http and a loopback address are allowed. */
  readonly loopbackOrigin?: string
}

export type CheckedUrl = { readonly url: URL; readonly allowance: AddressAllowance }

const MAX_URL_LENGTH = 8192

/**
 * Parses an address that somebody else gave us. Throws E-URL-BLOCKED for everything that is not http(s) on its standard
 * port to a named public host: other schemes, user names, IP literals, odd ports.
 */
export function checkForeignUrl(text: string, rules: UrlRules): CheckedUrl {
  const blocked = (reason: string) =>
    new StudioError('E-URL-BLOCKED', { params: { value: withoutQuery(text), reason } })
  if (text.length > MAX_URL_LENGTH || !URL.canParse(text)) throw blocked('syntax')
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') throw blocked('user')
  if (rules.loopbackOrigin !== undefined && url.origin === rules.loopbackOrigin) return { url, allowance: 'loopback' }
  const vendor = rules.vendorSuffixes.some((suffix) => url.hostname.endsWith(suffix))
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && vendor)) throw blocked('scheme')
  if (url.port !== '') throw blocked('port')
  const allowance = vendor ? 'public-or-fake-ip' : 'public'
  assertAllowedHost(url.hostname, allowance)
  return { url, allowance }
}

/** An address fit to be shown and logged: signatures live in the query, passwords before the host. */
export function withoutQuery(text: string): string {
  const [address = ''] = text.split(/[?#]/, 1)
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1').slice(0, 300)
}

/** Somebody else's words with the queries of all addresses in them cut off: what they echo may carry a signature of ours. */
export function withoutQueries(text: string): string {
  return text.replace(/(https?:\/\/[^\s"'?<>]+)\?[^\s"'<>]*/gi, '$1')
}

/**
 * The base URL of a vendor as a person overrides it: https, or, with `allowInsecure`, plain http to loopback.
 * Throws E-CONFIG-INSECURE or E-CONFIG-INVALID with the setting's name.
 */
export function checkEndpoint(
  name: string,
  text: string,
  allowInsecure: boolean,
): { readonly url: URL; readonly loopback: boolean } {
  if (!URL.canParse(text)) throw new StudioError('E-CONFIG-INVALID', { params: { name, value: text.slice(0, 300) } })
  const url = new URL(text)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new StudioError('E-CONFIG-INVALID', { params: { name, value: withoutQuery(text) } })
  }
  if (url.protocol === 'https:') return { url, loopback: false }
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
  if (url.protocol === 'http:' && loopback && allowInsecure) return { url, loopback: true }
  throw new StudioError('E-CONFIG-INSECURE', { params: { name, value: withoutQuery(text) } })
}
