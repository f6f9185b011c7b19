import { examineSync } from '../../../../shared/lib/length-and-sync.ts'
import { Findings } from '../../lib/findings.tsx'
import type { DeskPair } from '../../stores/desk-pairs.ts'
import { useClipPair } from './use-clip-pair.ts'

/** What is to be said of two clips together, in the list; the ways to settle it stand in the panel. */
export function PairWarnings({ item }: { readonly item: DeskPair }) {
  const pair = useClipPair(item)
  const found = pair === null ? [] : examineSync(pair).map(({ finding }) => finding)
  return <Findings findings={found.filter(({ level }) => level !== 'note')} />
}
