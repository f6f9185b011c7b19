import type { ErrorData } from '../errors.ts'

/** The part of an i18next instance that is needed here: a lookup that tells whether a key exists. */
export type Translate = {
  (key: string, values?: Readonly<Record<string, unknown>>): string
}
export type KeyExists = (key: string) => boolean

/** A sentence part of an error or finding: what happened, and what to do about it. */
export type ErrorSentence = { readonly message: string; readonly action: string }

/**
 * Looks up the sentences of a code in the catalogue of the given translator.
 *
 * A `reason` among the params selects the variant `error.<CODE>.<reason>.message` where one exists; the action may be
 * given for the variant or for the code; the param `repair` names a repair that would settle it. Where a value that the sentence names was not measured, the code's `short`
 * sentence is told instead, else the value is a question mark: never a placeholder. `file` is shortened to its last path part, as people know it.
 */
export function errorSentence(
  t: Translate,
  exists: KeyExists,
  error: Pick<ErrorData, 'code' | 'params'>,
): ErrorSentence {
  const { reason } = error.params
  const base = `error.${error.code}`
  const variant = typeof reason === 'string' && exists(`${base}.${reason}.message`) ? `${base}.${reason}` : base
  const values = displayValues(error.params)
  const message = fill(
    t,
    isComplete(t, `${variant}.message`, values) || !exists(`${base}.short.message`)
      ? `${variant}.message`
      : `${base}.short.message`,
    values,
  )
  const actionKey = actionKeyOf(exists, variant, error)
  return { message, action: exists(actionKey) ? fill(t, actionKey, values) : '' }
}

/** What a repair would settle names that repair; else the variant's own advice, else the code's. */
function actionKeyOf(exists: KeyExists, variant: string, { code, params }: Pick<ErrorData, 'code' | 'params'>): string {
  const { repair } = params
  const candidates = [...(typeof repair === 'string' ? [`repair.${repair}`] : []), `${variant}.action`]
  return candidates.find((key) => exists(key)) ?? `error.${code}.action`
}

const PLACEHOLDER = /\{\{\s*(\w+)\s*\}\}/g

function missingIn(t: Translate, key: string, values: Readonly<Record<string, unknown>>): string[] {
  const template = t(key, { skipInterpolation: true })
  return [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name).filter((name) => values[name] === undefined)
}

function isComplete(t: Translate, key: string, values: Readonly<Record<string, unknown>>): boolean {
  return missingIn(t, key, values).length === 0
}

function fill(t: Translate, key: string, values: Readonly<Record<string, unknown>>): string {
  const unknown = Object.fromEntries(missingIn(t, key, values).map((name) => [name, '?']))
  return t(key, { ...values, ...unknown })
}

function displayValues(params: ErrorData['params']): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(params)) {
    if (key === 'file' && typeof value === 'string') values[key] = showName(baseName(value))
    else if (Array.isArray(value)) values[key] = value.map(showName).join(', ')
    else values[key] = typeof value === 'string' ? showName(value) : value
  }
  return values
}

function baseName(path: string): string {
  // A backslash separates only on Windows; elsewhere it is part of a name.
  const isWindows = /^([a-z]:[\\/]|\\\\)/i.test(path)
  const cut = Math.max(path.lastIndexOf('/'), isWindows ? path.lastIndexOf('\\') : -1)
  return cut >= 0 && cut < path.length - 1 ? path.slice(cut + 1) : path
}

// Controls, formatting characters (bidirectional overrides, zero-width ones) and line separators can disguise a name.
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** A file name or any foreign text made safe to show on one line: what cannot be seen is escaped as `\u{…}`. */
export function showName(text: string): string {
  return text.replace(UNSHOWABLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}
