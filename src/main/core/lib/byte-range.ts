/** The part of a file that a request asks for, both ends included. */
export type ByteRange = { readonly start: number; readonly end: number }

/**
 * Reads a `Range` header of one byte range. Gives 'whole' where the header is absent or of a form that may be ignored
 * (RFC 9110, section 14.2), and 'unsatisfiable' where the range lies outside the file.
 */
export function parseByteRange(
  header: string | null | undefined,
  sizeBytes: number,
): ByteRange | 'whole' | 'unsatisfiable' {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec((header ?? '').trim())
  if (match === null) return 'whole'
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return 'whole'
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes)
    return length === 0 ? 'unsatisfiable' : { start: sizeBytes - length, end: sizeBytes - 1 }
  }
  const start = Number(first)
  if (start >= sizeBytes) return 'unsatisfiable'
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  return end < start ? 'whole' : { start, end }
}
