import { toErrorData } from '../../../shared/errors.ts'
import type { ErrorData } from '../../../shared/errors.ts'

/** Something that is said once, at the edge of the window. Sentences are looked up where it is shown. */
export type Notice =
  | { readonly kind: 'error'; readonly error: ErrorData }
  | {
      readonly kind: 'info' | 'warning'
      /** Below `window.notice`. */
      readonly key: string
      readonly values?: Readonly<Record<string, string | number>>
      readonly action?: { readonly key: string; readonly run: () => void }
      /** Called when it goes without its action having been taken. */
      readonly onClose?: () => void
    }

/** Returns a function that takes the notice back. */
export type Notify = (notice: Notice) => () => void

/** For a promise that nobody waits for: its failure is said, never swallowed. */
export function attempt(notify: Notify, work: Promise<unknown>): void {
  work.catch((thrown: unknown) => notify({ kind: 'error', error: toErrorData(thrown) }))
}
