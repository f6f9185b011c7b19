import { StudioError } from '../../shared/errors.ts'
import { contract, type Handlers, type Method } from '../../shared/api/index.ts'

/** One door for all bridges: takes a method by name and what came with it, untrusted. */
export type Dispatch = (method: string, input: unknown) => Promise<unknown>

function isMethod(method: string): method is Method {
  return Object.hasOwn(contract, method)
}

/**
 * Parses the input by the contract and calls the handler. Rejects with a StudioError: E-PARAM-UNKNOWN for a method
 * that does not exist, E-PARAM-TYPE for an input of another shape (`name`: where), else the handler's own.
 */
export function createDispatch(handlers: Handlers): Dispatch {
  return async (method, input) => {
    if (!isMethod(method)) {
      throw new StudioError('E-PARAM-UNKNOWN', { params: { name: method.slice(0, 64) } })
    }
    const parsed = contract[method].input.safeParse(input)
    if (!parsed.success) {
      const issue = parsed.error.issues[0]
      throw new StudioError('E-PARAM-TYPE', {
        params: {
          name: [method, ...(issue?.path ?? []).map(String)].join('.').slice(0, 128),
          value: String(issue?.code ?? '?'),
          expected: (issue?.message ?? '?').slice(0, 200),
          reason: 'shape',
        },
      })
    }
    // The schema of this very method has made `parsed.data`; TypeScript cannot follow that through the union.
    const handler = handlers[method] as (input: unknown) => Promise<unknown>
    return handler(parsed.data)
  }
}
