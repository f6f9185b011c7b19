import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { ErrorData } from '../../../shared/errors.ts'
import { errorSentence } from '../../../shared/lib/error-sentence.ts'
import type { ErrorSentence } from '../../../shared/lib/error-sentence.ts'

/** Sentences of errors and findings in the present language. */
export function useSentence(): (error: Pick<ErrorData, 'code' | 'params'>) => ErrorSentence {
  const { t, i18n } = useTranslation()
  return useCallback(
    (error) =>
      errorSentence(
        (key, values) => t(key, { ...values }),
        (key) => i18n.exists(key),
        error,
      ),
    [t, i18n],
  )
}
