import { showName } from '../../../shared/lib/error-sentence.ts'

/** A path's last part, split so that the extension can be shown apart: it stays visible however long the stem is. */
export type DisplayName = { readonly stem: string; readonly extension: string }

export function baseName(path: string): string {
  const cut = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'))
  return cut >= 0 && cut < path.length - 1 ? path.slice(cut + 1) : path
}

/** What cannot be seen is escaped, so that no control or bidirectional character can disguise a name. */
export function displayName(path: string): DisplayName {
  const name = baseName(path)
  const dot = name.lastIndexOf('.')
  const hasExtension = dot > 0 && name.length - dot <= 8
  return {
    stem: showName(hasExtension ? name.slice(0, dot) : name),
    extension: showName(hasExtension ? name.slice(dot) : ''),
  }
}
