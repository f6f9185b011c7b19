import i18next from 'i18next'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../errors.ts'
import en from '../text/en.json' with { type: 'json' }
import zh from '../text/zh.json' with { type: 'json' }
import { errorSentence, showName } from './error-sentence.ts'

type Tree = { readonly [key: string]: string | Tree }

function leaves(tree: Tree, path = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    const here = path === '' ? key : `${path}.${key}`
    if (typeof value === 'string') found.set(here, value)
    else for (const [inner, text] of leaves(value, here)) found.set(inner, text)
  }
  return found
}

const placeholders = (text: string) => [...text.matchAll(/\{\{\s*(\w+)/g)].map((match) => match[1]).toSorted()
const instance = i18next.createInstance()
await instance.init({ lng: 'en', resources: { en: { translation: en } }, interpolation: { escapeValue: false } })

describe('the text catalogues', () => {
  const english = leaves(en)
  const chinese = leaves(zh)

  it('hold the same sentences in both languages', () => {
    expect([...chinese.keys()].toSorted()).toEqual([...english.keys()].toSorted())
  })

  it('fill the same values into both languages', () => {
    const differing = [...english].filter(
      ([key, text]) => placeholders(text).join() !== placeholders(chinese.get(key) ?? '').join(),
    )
    expect(differing).toEqual([])
  })

  it('leave nothing empty', () => {
    expect([...english, ...chinese].filter(([, text]) => text.trim() === '')).toEqual([])
  })

  it.each(ERROR_CODES)('have a sentence for %s', (code) => {
    expect(english.has(`error.${code}.message`)).toBe(true)
  })
})

describe('the sentence of an error', () => {
  const say = (code: (typeof ERROR_CODES)[number], params: Record<string, string | number>) =>
    errorSentence(
      (key, values) => instance.t(key, { ...values }),
      (key) => instance.exists(key),
      { code, params },
    )

  it('names the file, the measured value and the limit', () => {
    const sentence = say('E-INPUT-DIMENSIONS', { file: '/home/a/portrait.png', value: '5000 x 3000', limit: 4096 })
    expect(sentence.message).toBe('portrait.png is 5000 x 3000 px; at most 4096 px on the longest side are accepted.')
    expect(sentence.action).not.toBe('')
  })

  it('uses the variant that the reason names', () => {
    expect(say('E-INPUT-CORRUPT', { file: 'a.png', reason: 'empty' }).message).toBe('a.png is empty.')
  })

  it('falls back to the plain sentence for a reason without a variant', () => {
    expect(say('E-INPUT-CORRUPT', { file: 'a.png', reason: 'moon' }).message).toContain('damaged')
  })

  it('tells the short sentence when a value was not measured, and never a placeholder', () => {
    expect(say('E-DISK-FULL', { file: 'a.mp4' }).message).toBe('The disk is full.')
    for (const code of ERROR_CODES) {
      const { message, action } = say(code, {})
      expect(`${message} ${action}`).not.toContain('{{')
    }
  })

  it('escapes what could disguise a file name', () => {
    expect(showName('a\u202egnp.exe\n')).toBe('a\\u{202e}gnp.exe\\u{a}')
  })
})
