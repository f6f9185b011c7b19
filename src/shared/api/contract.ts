import type { z } from 'zod'

/** One method of the contract: a zod schema for what goes in and one for what comes out. JSON only. */
export type MethodShape = { readonly input: z.ZodType; readonly output: z.ZodType }
export type ContractShape = Readonly<Record<string, MethodShape>>

/** An exhaustive handler map: a missing or misnamed handler does not compile. */
export type HandlersOf<C extends ContractShape> = {
  readonly [K in keyof C]: (input: z.output<C[K]['input']>) => Promise<z.input<C[K]['output']>>
}
export type InputOf<C extends ContractShape, K extends keyof C> = z.input<C[K]['input']>
export type OutputOf<C extends ContractShape, K extends keyof C> = z.output<C[K]['output']>
