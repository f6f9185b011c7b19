import { expect, it } from 'vitest'
import { StudioError } from '../../../shared/errors.ts'
import { readSecret } from './read-secret.ts'

function read(text: string): unknown {
  try {
    return readSecret('DashScope', text)
  } catch (error) {
    if (!(error instanceof StudioError)) throw error
    expect(JSON.stringify(error.data)).not.toContain('CANARY')
    return `${error.code} ${String(error.data.params['reason'])}`
  }
}

it.each([
  ['sk-CANARY', false],
  ['  sk-CANARY\r\n', true],
  ['\u{feff}sk-CANARY\n', true],
  ['\u{3000}sk-CANARY\u{a0}', true],
  ['"sk-CANARY"', true],
  ['“sk-CANARY”', true],
  [" 'sk-CANARY' ", true],
])('takes the key out of %j', (text, trimmed) => {
  expect(read(text)).toEqual({ secret: 'sk-CANARY', trimmed })
})

it.each([
  ['', 'secret-empty'],
  [' \r\n ', 'secret-empty'],
  ['sk-CANARY sk-CANARY', 'secret-characters'],
  ['sk-CANARY\r\nx-evil: 1', 'secret-characters'],
  ['sk-CANARY\u{0}', 'secret-characters'],
  ['ｓｋ-CANARY', 'secret-characters'],
  ['sk-CANARY密钥', 'secret-characters'],
  ['CANARY'.repeat(2000), 'secret-long'],
])('refuses %j and does not repeat it', (text, reason) => {
  expect(read(text)).toBe(`E-CONFIG-INVALID ${reason}`)
})
