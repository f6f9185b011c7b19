/** First words of text formats that pose as media, matched after a byte order mark and white space. */
const BEGINNINGS: readonly (readonly [RegExp, string])[] = [
  [/^#EXTM3U/i, 'hls-playlist'],
  [/^ffconcat\s+version/i, 'ffconcat'],
  [/^;FFMETADATA/i, 'ffmetadata'],
  [/^v=0\r?\n[a-z]=/, 'sdp'],
  [/^\[playlist\]/i, 'pls-playlist'],
  [/^%PDF-/, 'pdf'],
  [/^%!PS/, 'postscript'],
  [/^\{\\rtf/, 'rtf'],
  [/^(<!doctype html|<html|<head|<body|<script|<iframe)/i, 'html'],
  [/^#!/, 'script'],
]
/** Root elements of XML, wherever comments and declarations let them begin. */
const ROOTS: readonly (readonly [RegExp, string])[] = [
  [/<svg[\s>:]/i, 'svg'],
  [/<MPD[\s>]/, 'dash-manifest'],
  [/<SmoothStreamingMedia[\s>]/, 'smooth-manifest'],
  [/<(html|!doctype html)[\s>]/i, 'html'],
]
const LOOK_CHARS = 4096

/** The kind of text in a file, `text` for any other, or null for bytes that are not text. */
export function sniffText(head: Buffer): string | null {
  const text = decodeText(head)
  if (text === null) return null
  const start = text.trimStart()
  for (const [pattern, format] of BEGINNINGS) if (pattern.test(start)) return format
  if (start.startsWith('<')) {
    for (const [pattern, format] of ROOTS) if (pattern.test(start)) return format
    return 'xml'
  }
  return 'text'
}

function decodeText(head: Buffer): string | null {
  if (head.length === 0) return null
  if (head[0] === 0xff && head[1] === 0xfe) return head.toString('utf16le', 2, LOOK_CHARS * 2)
  if (head[0] === 0xfe && head[1] === 0xff) {
    const even = head.subarray(2, Math.min(head.length - (head.length % 2), LOOK_CHARS * 2))
    return Buffer.from(even).swap16().toString('utf16le')
  }
  const hasMark = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf
  const piece = head.subarray(hasMark ? 3 : 0, LOOK_CHARS)
  // PDF and PostScript go on in bytes after their first line.
  if (piece.subarray(0, 5).toString('latin1') === '%PDF-') return '%PDF-'
  for (const byte of piece) if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27) || byte === 127) return null
  const text = piece.toString('utf8')
  const broken = text.split('\ufffd').length - 1
  // Old 8-bit texts decode with gaps; media bytes would have failed on control characters above.
  return broken * 4 <= text.length ? text : null
}
