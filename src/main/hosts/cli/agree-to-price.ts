import type { Input } from '../../../shared/api/index.ts'
import type { Core } from '../../core/create-core.ts'
import type { RunRequest } from './arguments.ts'
import { usageError } from './arguments.ts'
import { call } from './call.ts'
import type { CommandContext } from './context.ts'
import { confirm } from './standard-input.ts'

type Agreement = { readonly spend?: NonNullable<Input<'batch.start'>['spend']> }

/**
 * Tells what a batch would cost and lets a person agree, unless that was done on the command line. Null when they did
 * not; no agreement is needed where there is nothing to pay for. Throws E-CONFIG-INVALID when there is nobody to ask.
 */
export async function agreeToPrice(
  context: CommandContext,
  core: Core,
  request: RunRequest,
  asked: Input<'spend.quote'>,
): Promise<Agreement | null> {
  const { json, output, texts, ending } = context
  const { t } = texts
  const quote = await call(core, 'spend.quote', asked)
  const { engine, price, jobs, seconds, checks, pricesAsOf: asOf } = quote
  if (price === null) return {}
  const { low, high, currency } = price
  const { maxCost } = request
  if (json) output.event({ event: 'quote', engine, jobs, seconds, checks, price })
  else {
    const values = {
      count: jobs,
      seconds: Math.round(seconds * 10) / 10,
      checks,
      low,
      high,
      currency,
      asOf: asOf ?? '?',
    }
    output.line(jobs === 0 ? t('cli.quote.free') : t('cli.quote.line', values))
    if (jobs > 0 && maxCost !== undefined && maxCost < high)
      output.line(t('cli.quote.capped', { amount: maxCost, currency }))
  }
  const isPublic = jobs > 0 && quote.asksPublicUpload === true
  if (isPublic) output.note(t('cli.quote.public'))
  const spend = {
    confirmed: high,
    currency,
    ...(maxCost === undefined ? {} : { maxCost }),
    ...(isPublic ? { acceptPublicUpload: true } : {}),
  }
  if (request.yes || jobs === 0) return { spend }
  if (process.stdin.isTTY !== true) throw usageError(`This run costs up to ${high} ${currency}: add --yes to agree.`)
  if (await confirm(t('cli.quote.ask'), ending)) return { spend }
  output.note(t('cli.quote.declined'))
  return null
}
