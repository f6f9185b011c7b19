/**
 * ffmpeg's reader for each format. It is named outright, so that nothing is guessed from the contents, and a picture is
 * read as one file: `image2`, which takes "%03d" in a name for a pattern, never opens it.
 */
const DEMUXERS: Readonly<Record<string, string>> = {
  jpeg: 'jpeg_pipe',
  png: 'png_pipe',
  bmp: 'bmp_pipe',
  webp: 'webp_pipe',
  wav: 'wav',
  w64: 'w64',
  mp3: 'mp3',
  flac: 'flac',
  aac: 'aac',
  aiff: 'aiff',
  m4a: 'mov',
  ogg: 'ogg',
  opus: 'ogg',
  ogv: 'ogg',
  mp4: 'mov',
  mov: 'mov',
  mkv: 'matroska',
  webm: 'matroska',
  avi: 'avi',
  flv: 'flv',
  wmv: 'asf',
  mpeg: 'mpeg',
}

export function isProbed(format: string): boolean {
  return Object.hasOwn(DEMUXERS, format)
}

/** Empty for a format that is not probed: no reader has that name. */
export function demuxerOf(format: string): string {
  return DEMUXERS[format] ?? ''
}
