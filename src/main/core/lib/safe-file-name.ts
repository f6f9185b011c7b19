/** Longest file name we make, bytes of UTF-8: every file system in use takes 255, and numbers and temp names need room. */
export const MAX_NAME_BYTES = 180

// Device names that Windows takes whatever the extension; the superscript digits count as digits there.
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])$/i
// Controls, format controls (bidi, zero width, tags), line separators, lone surrogates, noncharacters.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Noncharacter_Code_Point}]/gu
const FORBIDDEN = /[<>:"/\\|?*]/g

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** The longest beginning of `text` that takes at most `maxBytes` of UTF-8 and splits no grapheme. */
function cutToBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text
  let kept = ''
  let bytes = 0
  for (const { segment } of graphemes.segment(text)) {
    const size = Buffer.byteLength(segment)
    if (bytes + size > maxBytes) {
      // A single grapheme of hundreds of combining marks: cut between code points rather than lose the name.
      if (kept === '') for (const char of segment) if (Buffer.byteLength(kept + char) <= maxBytes) kept += char
      break
    }
    kept += segment
    bytes += size
  }
  return kept
}

/**
 * A stem that can be created on Windows, macOS and Linux alike and names no folder, device or hidden file. The result
 * is NFC, never empty (`untitled`) and at most `maxBytes` long.
 */
export function safeStem(stem: string, maxBytes: number = MAX_NAME_BYTES): string {
  const trimEnds = (text: string) => text.replace(/^[\s.]+|[\s.]+$/gu, '')
  const cleaned = stem.replace(UNSAFE, '').replace(FORBIDDEN, '_').normalize('NFC')
  const cut = trimEnds(cutToBytes(trimEnds(cleaned), maxBytes))
  if (cut === '') return 'untitled'
  const base = cut.split('.', 1)[0]?.trimEnd() ?? ''
  const risky = RESERVED.test(base) || cut.startsWith('-') || cut.startsWith('~')
  return risky ? trimEnds(cutToBytes(`_${cut}`, maxBytes)) : cut
}
