import { openReadOnly } from '../../core/create-core.ts'
import { errorSentence, showName } from '../../../shared/lib/error-sentence.ts'
import { call } from './call.ts'
import type { CommandContext } from './context.ts'
import { EXIT, exitCodeOfError, worstExitCode } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import { errorLine } from './lines.ts'

/** What was found of everything that jobs need. Ends with the code of what is missing; a missing keychain ends no job. */
export async function doctorCommand(context: CommandContext): Promise<ExitCode> {
  const { json, output, texts, english } = context
  const core = await openReadOnly(context.ports('read'))
  try {
    const { rows } = await call(core, 'system.doctor', {})
    const codes: ExitCode[] = []
    for (const { part, ok, tool, facts, error } of rows) {
      if (error !== undefined && part !== 'keychain') codes.push(exitCodeOfError(error.code))
      if (json) {
        const line = { event: 'doctor', part, ok, ...(tool === undefined ? {} : { tool }), facts }
        output.event(error === undefined ? line : { ...line, error: errorLine(english, error) })
        continue
      }
      const found = [
        ...(tool === undefined ? [] : [tool.path, tool.version, tool.released ?? '']),
        ...Object.entries(facts).map(([key, value]) => `${key} ${value}`),
      ].filter((text) => text !== '')
      output.line(
        `${texts.t(ok ? 'cli.doctor.ok' : 'cli.doctor.bad')}  ${part}  ${found.map(showName).join('  ')}`.trimEnd(),
      )
      if (error === undefined) continue
      const { message, action } = errorSentence(texts.t, texts.exists, error)
      output.line(`    ${error.code}: ${message} ${action}`.trimEnd())
    }
    return worstExitCode(codes) === EXIT.done && rows.some(({ ok, part }) => !ok && part !== 'keychain')
      ? EXIT.couldNotRun
      : worstExitCode(codes)
  } finally {
    await core.stop()
  }
}
