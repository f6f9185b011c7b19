import type { Pair } from '../../../shared/model/batch.ts'
import { stemOf } from '../lib/media-names.ts'
import { MAX_NAME_BYTES, safeStem } from '../lib/safe-file-name.ts'

const EXTENSION = '.mp4'
const JOIN = '__'
/** Room for " (9999)". */
const NUMBER_BYTES = 7
const STEM_BYTES = MAX_NAME_BYTES - EXTENSION.length - NUMBER_BYTES

/** Where the results of a pair go: a folder below the output folder ('/'-separated, '' for none) and a stem, both safe on every system. */
export type OutputPlace = { readonly folder: string; readonly stem: string; readonly extension: string }

/** Names the result of a pair: `<source>__<voice or driver>.mp4`, or as the manifest says. Publishing numbers it where the name is taken. */
export function outputPlace(pair: Pair): OutputPlace {
  return { folder: safeFolder(pair.folder), stem: outputStem(pair), extension: EXTENSION }
}

function outputStem(pair: Pair): string {
  if (pair.outName !== undefined) return safeStem(withoutExtension(pair.outName), STEM_BYTES)
  const partner = pair.voice ?? pair.driver ?? ''
  const half = Math.floor((STEM_BYTES - JOIN.length) / 2)
  const [first, second] = [safeStem(stemOf(pair.source)), safeStem(stemOf(partner))]
  // A short name leaves its room to the other.
  const spare = (name: string) => Math.max(0, half - Buffer.byteLength(name))
  return safeStem(first, half + spare(second)) + JOIN + safeStem(second, half + spare(first))
}

function withoutExtension(name: string): string {
  return name.toLowerCase().endsWith(EXTENSION) ? name.slice(0, -EXTENSION.length) : name
}

/** The same folders, with names that every system can create; never upwards. */
function safeFolder(folder: string): string {
  return folder
    .split('/')
    .filter((part) => part !== '')
    .map((part) => safeStem(part))
    .join('/')
}
