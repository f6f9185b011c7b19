import { useTranslation } from 'react-i18next'
import type { Wait } from '../../../shared/model/job.ts'
import { formatClock } from './format.ts'
import { useNow } from './use-now.ts'
import { useSentence } from './use-sentence.ts'

/** Why a job does not move just now, for how long already, and until when where that is known. */
export function WaitLine({ why }: { readonly why: Wait }) {
  const { t } = useTranslation()
  const sentence = useSentence()
  const { reason, since, until, error } = why
  const now = useNow(since !== undefined || until !== undefined)
  const words = error === undefined ? t(`window.why.${reason}`) : sentence(error).message
  const clocks = [
    since === undefined ? '' : t('window.why.since', { span: formatClock((now - since) / 1000) }),
    until === undefined || until <= now ? '' : t('window.why.until', { span: formatClock((until - now) / 1000) }),
  ].filter((part) => part !== '')
  return [words, ...clocks].join(' · ')
}
