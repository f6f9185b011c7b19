import { useTranslation } from 'react-i18next'
import type { Finding } from '../../../shared/model/media.ts'
import { FindingList } from '../components/finding-list.tsx'
import { useSentence } from './use-sentence.ts'

const ORDER = { error: 0, warning: 1, note: 2 } as const

/** Findings as sentences, the gravest first. */
export function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  // Most rows of a list have none: they pay for nothing.
  return findings.length === 0 ? null : <Sentences findings={findings} />
}

function Sentences({ findings }: { readonly findings: readonly Finding[] }) {
  const { t } = useTranslation()
  const sentence = useSentence()
  return (
    <FindingList
      lines={findings
        .toSorted((a, b) => ORDER[a.level] - ORDER[b.level])
        .map((finding) => ({ level: finding.level, ...sentence(finding) }))}
      levelLabels={{
        error: t('window.level.error'),
        warning: t('window.level.warning'),
        note: t('window.level.note'),
      }}
    />
  )
}
