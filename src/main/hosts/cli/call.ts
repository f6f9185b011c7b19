import { contract } from '../../../shared/api/index.ts'
import type { Handlers, Input, Method, Output } from '../../../shared/api/index.ts'

/** The methods that a core offers; one that only reads a folder offers fewer. */
export type Callable<M extends Method> = { readonly handlers: Pick<Handlers, M> }

/** Calls a handler directly, with the same schema before it as every bridge. */
export async function call<M extends Method>(core: Callable<M>, method: M, input: Input<M>): Promise<Output<M>> {
  const parsed: unknown = contract[method].input.parse(input)
  // The compiler cannot see that a method's schema and its handler belong together once both are looked up by name.
  const handler = core.handlers[method] as (input: unknown) => Promise<unknown>
  return contract[method].output.parse(await handler(parsed)) as Output<M>
}
