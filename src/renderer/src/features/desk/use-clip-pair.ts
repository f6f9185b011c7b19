import type { ClipPair } from '../../../../shared/lib/length-and-sync.ts'
import { baseName } from '../../lib/display-name.ts'
import { useDesk, useSession } from '../../lib/studio.tsx'
import { useCheck } from '../../lib/use-file-facts.ts'
import type { DeskPair } from '../../stores/desk-pairs.ts'

/** Both clips of a pair with their parameters, once both are known. */
export function useClipPair({ pair, key }: DeskPair): ClipPair | null {
  const engine = useSession(({ settings }) => settings.engine)
  const common = useDesk((state) => state.parameters)
  const own = useDesk(({ overrides }) => overrides.get(key))
  const source = useCheck(engine, pair.source)
  const driver = useCheck(engine, pair.driver)
  if (source === undefined || driver === undefined) return null
  const clip = ({ path, facts }: typeof source) => ({ path, file: baseName(path), facts })
  return { engine, source: clip(source), driver: clip(driver), parameters: { ...common, ...own } }
}
