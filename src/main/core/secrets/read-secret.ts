import { StudioError } from '../../../shared/errors.ts'

/** Longer than any key known, short enough for a header. */
const MAX_LENGTH = 512
const QUOTED = /^(["'“‘`])(.+)(["'”’`])$/

/**
 * A secret as it was typed or pasted, without what came along: blanks and line ends around it, a byte order mark, quotes.
 * Throws E-CONFIG-INVALID when it is empty, too long, or holds what no key holds (blanks or line ends inside, which
 * would break a request's header; anything but printable ASCII). The refusal never repeats it.
 */
export function readSecret(name: string, text: string): { readonly secret: string; readonly trimmed: boolean } {
  const bare = text.replaceAll('\u{feff}', '').trim()
  const secret = QUOTED.exec(bare)?.[2]?.trim() ?? bare
  const refuse = (reason: string) =>
    new StudioError('E-CONFIG-INVALID', { params: { name, value: `${secret.length}`, limit: MAX_LENGTH, reason } })
  if (secret === '') throw refuse('secret-empty')
  if (secret.length > MAX_LENGTH) throw refuse('secret-long')
  if (!/^[\x21-\x7e]+$/.test(secret)) throw refuse('secret-characters')
  return { secret, trimmed: secret !== text }
}
