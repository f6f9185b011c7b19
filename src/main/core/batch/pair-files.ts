import type { LeftOver, Pair, PairBy } from '../../../shared/model/batch.ts'
import type { ScannedFile } from './scan.ts'

type Paired = { readonly pairs: Pair[]; readonly leftOver: LeftOver[] }

/** What is animated, and what drives it: voices or driving videos. */
type Group = {
  readonly folder: string
  readonly sources: readonly ScannedFile[]
  readonly partners: readonly ScannedFile[]
  readonly partnerKey: 'voice' | 'driver'
}

/**
 * Puts sources and voices (or drivers) together within each folder of the same place.
 *
 * - `name`: equal stems. One source with several partners makes a pair with each. Two pictures of one stem are
 *   ambiguous and left over, with their partners. Where no stem in the folder matches and one side has a single file,
 *   that file goes with all of the other side.
 * - `order`: first with first, second with second.
 * - `all`: each with each.
 */
export function pairFiles(files: readonly ScannedFile[], drivers: readonly ScannedFile[], by: PairBy): Paired {
  const pairs: Pair[] = []
  const leftOver: LeftOver[] = []
  const taken = new Set<ScannedFile>()
  const ambiguous = new Set<ScannedFile>()
  for (const group of groupsOf(files, drivers)) {
    for (const [source, partner] of matches(group, by, ambiguous)) {
      taken.add(source).add(partner)
      pairs.push({ source: source.path, [group.partnerKey]: partner.path, folder: group.folder })
    }
  }
  for (const file of [...files, ...drivers]) {
    if (!taken.has(file)) leftOver.push({ path: file.path, reason: ambiguous.has(file) ? 'ambiguous' : 'unpaired' })
  }
  return { pairs, leftOver }
}

function groupsOf(files: readonly ScannedFile[], drivers: readonly ScannedFile[]): Group[] {
  const byFolder = new Map<string, { files: ScannedFile[]; drivers: ScannedFile[] }>()
  const at = (folder: string) => {
    const known = byFolder.get(folder) ?? { files: [], drivers: [] }
    byFolder.set(folder, known)
    return known
  }
  for (const file of files) at(file.folder).files.push(file)
  for (const driver of drivers) at(driver.folder).drivers.push(driver)

  return [...byFolder].flatMap(([folder, here]): Group[] => {
    if (drivers.length > 0) {
      const sources = here.files.filter(({ kind }) => kind !== 'audio')
      const partners = here.drivers.filter(({ kind }) => kind === 'video')
      return [{ folder, sources, partners, partnerKey: 'driver' }]
    }
    const driving = here.files.filter(({ kind, role }) => kind === 'video' && role === 'driver')
    const driven = here.files.filter(({ kind, role }) => kind !== 'audio' && role === 'source')
    const isDriven = driving.length > 0 && driven.length > 0
    const pictures = here.files.filter((file) => file.kind === 'image' && !(isDriven && driven.includes(file)))
    const voices = here.files.filter(({ kind }) => kind === 'audio')
    const groups: Group[] = [{ folder, sources: pictures, partners: voices, partnerKey: 'voice' }]
    if (isDriven) groups.push({ folder, sources: driven, partners: driving, partnerKey: 'driver' })
    return groups
  })
}

function matches(group: Group, by: PairBy, ambiguous: Set<ScannedFile>): [ScannedFile, ScannedFile][] {
  const { sources, partners } = group
  switch (by) {
    case 'all':
      return eachWithEach(sources, partners)
    case 'order':
      return sources.flatMap((source, i) => {
        const partner = partners[i]
        return partner === undefined ? [] : [[source, partner]]
      })
    case 'name':
      return byName(group, ambiguous)
  }
}

function eachWithEach(sources: readonly ScannedFile[], partners: readonly ScannedFile[]): [ScannedFile, ScannedFile][] {
  return sources.flatMap((source) => partners.map((partner): [ScannedFile, ScannedFile] => [source, partner]))
}

/** NFC and case-folded: upper case first, so that "ß" meets "SS". */
function nameKey(stem: string): string {
  return stem.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC')
}

function byKey(files: readonly ScannedFile[]): Map<string, ScannedFile[]> {
  return Map.groupBy(files, ({ stem }) => nameKey(stem))
}

function byName({ sources, partners }: Group, ambiguous: Set<ScannedFile>): [ScannedFile, ScannedFile][] {
  const partnersByKey = byKey(partners)
  const sourcesByKey = byKey(sources)
  const isMatched = [...sourcesByKey.keys()].some((key) => partnersByKey.has(key))
  if (!isMatched) {
    // Nothing to compare names with: a single file on one side can only mean all of the other.
    return sources.length === 1 || partners.length === 1 ? eachWithEach(sources, partners) : []
  }
  return [...sourcesByKey].flatMap(([key, twins]) => {
    const own = partnersByKey.get(key) ?? []
    if (twins.length > 1 && own.length > 0) {
      for (const file of [...twins, ...own]) ambiguous.add(file)
      return []
    }
    return eachWithEach(twins, own)
  })
}
