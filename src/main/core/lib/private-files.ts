import { chmodSync, lstatSync } from 'node:fs'
import { makeFolderSync } from './make-folder.ts'

/** Nobody but the owner may look in, whatever the umask. */
export const PRIVATE_FILE_MODE = 0o600
export const PRIVATE_FOLDER_MODE = 0o700

/** Makes a folder (and its parents) that only its owner can enter, and closes one that stood open. */
export function ensurePrivateFolder(path: string): void {
  makeFolderSync(path, PRIVATE_FOLDER_MODE)
  if ((lstatSync(path).mode & 0o777) !== PRIVATE_FOLDER_MODE) chmodSync(path, PRIVATE_FOLDER_MODE)
}
