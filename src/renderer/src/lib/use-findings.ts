import { useTranslation } from 'react-i18next'
import type { Finding } from '../../../shared/model/media.ts'
import type { FindingLine } from '../components/finding-list.tsx'
import { useSentence } from './use-sentence.ts'

/** Findings as sentences, the gravest first. */
export function useFindingLines(): {
  readonly linesOf: (findings: readonly Finding[]) => FindingLine[]
  readonly levelLabels: Readonly<Record<FindingLine['level'], string>>
} {
  const { t } = useTranslation()
  const sentence = useSentence()
  const order = { error: 0, warning: 1, note: 2 } as const
  return {
    linesOf: (findings) =>
      findings
        .toSorted((a, b) => order[a.level] - order[b.level])
        .map((finding) => ({ level: finding.level, ...sentence(finding) })),
    levelLabels: { error: t('window.level.error'), warning: t('window.level.warning'), note: t('window.level.note') },
  }
}
