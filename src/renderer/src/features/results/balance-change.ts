import type { SubmitAttemptView } from '../../../../shared/model/job.ts'
import { formatMoney } from '../../lib/format.ts'

/** `$9.72 → $9.44`, or only what was there before: a hint at whether a request was charged, no proof. */
export function balanceChange({ balanceBefore, balanceAfter }: SubmitAttemptView, language: string): string {
  return [balanceBefore, balanceAfter]
    .filter((balance) => balance !== undefined)
    .map(({ amount, currency }) => formatMoney(amount, currency, language))
    .join(' → ')
}
