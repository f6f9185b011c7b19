import { createCore } from '../../core/create-core.ts'
import { showName } from '../../../shared/lib/error-sentence.ts'
import { call } from './call.ts'
import type { CommandContext } from './context.ts'
import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'

/** One paid run of a sample, simulated: every step is told as it ends. */
export async function rehearseCommand(context: CommandContext, outputFolder: string | undefined): Promise<ExitCode> {
  const { json, output, texts, ending } = context
  const { t } = texts
  const core = await createCore(context.ports('live'), { startsQueue: false })
  let told = 0
  let toldState = ''
  let toldQuote = false
  const unsubscribe = core.subscribe((event) => {
    if (event.name !== 'rehearsal-changed') return
    const { steps, quote } = event.payload
    if (json) return output.event({ event: 'rehearsal', ...event.payload })
    if (quote !== null && !toldQuote) {
      toldQuote = true
      output.line(`    ${t('cli.rehearsal.quote', { ...quote })}`)
    }
    for (const { step, startedAt, endedAt, vendorState } of steps.slice(told)) {
      if (vendorState !== undefined && `${step} ${vendorState}` !== toldState) {
        toldState = `${step} ${vendorState}`
        output.line(`    ${t('cli.rehearsal.state', { state: showName(vendorState) })}`)
      }
      if (endedAt === undefined) break
      told += 1
      const seconds = ((endedAt - startedAt) / 1000).toFixed(1)
      output.line(`    ${t('cli.rehearsal.step', { step: t(`cli.step.${step}`), seconds })}`)
    }
  })
  const stop = () => void core.stop()
  ending.addEventListener('abort', stop, { once: true })
  try {
    if (!json) output.line(t('cli.rehearsal.begin'))
    const report = await call(core, 'rehearsal.start', outputFolder === undefined ? {} : { outputFolder })
    const { usage, charges, operation } = report
    if (json) {
      output.event({ event: 'rehearsed', ...report })
      return EXIT.done
    }
    if (usage !== null) output.line(`    ${t('cli.rehearsal.cost', { ...usage, operation })}`)
    output.line(showName(report.output))
    output.line(t('cli.rehearsal.charged', { count: charges.generations }))
    return charges.generations === 1 ? EXIT.done : EXIT.couldNotRun
  } finally {
    ending.removeEventListener('abort', stop)
    unsubscribe()
    await core.stop()
  }
}
