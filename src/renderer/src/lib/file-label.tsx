import { showName } from '../../../shared/lib/error-sentence.ts'
import { FileName } from '../components/file-name.tsx'
import { displayName } from './display-name.ts'

/** The name of the file at a path, with the whole path as its tooltip. */
export function FileLabel({ path }: { readonly path: string }) {
  return <FileName {...displayName(path)} title={showName(path)} />
}
