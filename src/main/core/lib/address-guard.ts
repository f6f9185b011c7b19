import { lookup as dnsLookup } from 'node:dns'
import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { StudioError } from '../../../shared/errors.ts'

/**
 * Which addresses outside the public internet a host may still have.
 *
 * `fakeIp`: 198.18.0.0/15 (local proxies that answer every name from there) and 64:ff9b::/96 (NAT64) with a public
 * address inside; for allow-listed vendor hosts only (reliability T15).
 */
export type AddressAllowance = 'public' | 'public-or-fake-ip' | 'loopback'

/** Whether a connection to this address is allowed. Source of the ranges: IANA special-purpose registries, by ipaddr.js. */
export function isAllowedAddress(address: string, allowance: AddressAllowance): boolean {
  if (!ipaddr.isValid(address)) return false
  let parsed = ipaddr.parse(address)
  if (parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress()) parsed = parsed.toIPv4Address()
  const range = parsed.range()
  if (allowance === 'loopback') return range === 'loopback'
  if (range === 'unicast') return true
  if (allowance !== 'public-or-fake-ip') return false
  if (parsed instanceof ipaddr.IPv4) return parsed.match(ipaddr.IPv4.parse('198.18.0.0'), 15)
  if (range !== 'rfc6052') return false
  const embedded = new ipaddr.IPv4(parsed.toByteArray().slice(12))
  return embedded.range() === 'unicast'
}

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  addresses: LookupAddress[] | string,
  family?: number,
) => void
export type Lookup = (host: string, options: { readonly all?: boolean }, callback: LookupCallback) => void

const systemLookup: Lookup = (host, _options, callback) => dnsLookup(host, { all: true, verbatim: true }, callback)

/**
 * A name lookup that hands on only allowed addresses and refuses the name when none is left, so that the connection is
 * made to an address that was checked (no second, different answer can slip in). IP literals never reach a lookup:
 * check them with `assertAllowedHost`.
 */
export function guardedLookup(allowance: AddressAllowance, resolve: Lookup = systemLookup): Lookup {
  return (host, options, callback) => {
    resolve(host, { all: true }, (error, found) => {
      if (error !== null) return callback(error, [])
      const all = typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found
      const allowed = all.filter((entry) => isAllowedAddress(entry.address, allowance))
      const [first] = allowed
      if (first === undefined || allowed.length < all.length) {
        return callback(new StudioError('E-URL-BLOCKED', { params: { value: host, reason: 'address' } }), [])
      }
      if (options.all) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}

/** Throws E-URL-BLOCKED when the host of a URL is an IP literal that is not allowed. */
export function assertAllowedHost(hostname: string, allowance: AddressAllowance): void {
  const literal = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  if (isIP(literal) === 0) return
  if (allowance === 'loopback' && isAllowedAddress(literal, 'loopback')) return
  throw new StudioError('E-URL-BLOCKED', { params: { value: hostname, reason: 'address' } })
}
