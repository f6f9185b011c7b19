import { basename } from 'node:path'
import type { MediaKind } from '../../../shared/model/media.ts'

const EXTENSIONS: Readonly<Record<'image' | 'audio' | 'video', readonly string[]>> = {
  image: [
    'jpg',
    'jpeg',
    'jpe',
    'jfif',
    'mpo',
    'png',
    'apng',
    'bmp',
    'dib',
    'webp',
    'gif',
    'tif',
    'tiff',
    'heic',
    'heif',
    'hif',
    'avif',
  ],
  audio: [
    'wav',
    'wave',
    'bwf',
    'rf64',
    'mp3',
    'flac',
    'm4a',
    'm4b',
    'ogg',
    'oga',
    'opus',
    'aac',
    'w64',
    'aif',
    'aiff',
    'aifc',
  ],
  video: ['mp4', 'm4v', 'mov', 'qt', 'avi', 'mkv', 'webm', 'flv', 'wmv', 'asf', 'mpg', 'mpeg', 'ogv'],
}
const KIND_BY_EXTENSION = new Map<string, MediaKind>(
  (['image', 'audio', 'video'] as const).flatMap((kind) =>
    EXTENSIONS[kind].map((extension) => [extension, kind] as const),
  ),
)

function lastDot(name: string): number {
  const dot = name.lastIndexOf('.')
  // ".mp3" is an extension without a stem; ".profile" is a stem without an extension.
  return dot === 0 && !KIND_BY_EXTENSION.has(name.slice(1).toLowerCase()) ? -1 : dot
}

/** Extension of a path or name in lower case, without its dot; '' when there is none. */
export function extensionIn(path: string): string {
  const name = basename(path)
  const dot = lastDot(name)
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase()
}

/** The name without its extension; '' for ".mp3". */
export function stemOf(path: string): string {
  const name = basename(path)
  const dot = lastDot(name)
  return dot < 0 ? name : name.slice(0, dot)
}

/** The kind that a name promises: what pairing goes by, and the best guess for a file that was not read. */
export function kindOfName(path: string): MediaKind {
  return KIND_BY_EXTENSION.get(extensionIn(path)) ?? 'other'
}
