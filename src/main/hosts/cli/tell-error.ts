import type { ErrorData } from '../../../shared/errors.ts'
import { errorSentence } from '../../../shared/lib/error-sentence.ts'
import type { CommandContext } from './context.ts'
import { errorLine } from './lines.ts'

/** Tells an error that belongs to no single job: as a line for programs, as a sentence on standard error for people. */
export function tellError(
  context: Pick<CommandContext, 'json' | 'output' | 'texts' | 'english'>,
  error: ErrorData,
): void {
  const { json, output, texts, english } = context
  if (json) return output.event({ event: 'error', error: errorLine(english, error) })
  const { message, action } = errorSentence(texts.t, texts.exists, error)
  output.note(`${error.code}: ${message} ${action}`.trimEnd())
}
