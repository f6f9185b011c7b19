import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../../components/button.tsx'
import { useDesk, useMedia, useSession, useStudio } from '../../lib/studio.tsx'
import { filesOf } from '../../stores/desk-pairs.ts'
import { checkOf, isFixable, setApproved } from '../../stores/media-store.ts'

/** One button for every file on the desk that a repair would let through. */
export function FixAll() {
  const { t } = useTranslation()
  const { stores } = useStudio()
  const engine = useSession(({ settings }) => settings.engine)
  const pairs = useDesk((state) => state.pairs)
  const media = useMedia((state) => state)
  const paths = useMemo(() => {
    const files = new Set(pairs.flatMap(({ pair }) => filesOf(pair)))
    return [...files].filter((path) => !media.approved.has(path) && isFixable(checkOf(media, engine, path)))
  }, [pairs, media, engine])
  if (paths.length === 0) return null
  return (
    <Button icon="check" title={t('window.repair.allHint')} onClick={() => setApproved(stores.media, paths, true)}>
      {t('window.repair.all', { count: paths.length })}
    </Button>
  )
}
