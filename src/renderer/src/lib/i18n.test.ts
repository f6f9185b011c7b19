import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import en from '../../../shared/text/en.json' with { type: 'json' }
import zh from '../../../shared/text/zh.json' with { type: 'json' }
import { ENGINE_PARAMETERS } from '../../../shared/model/parameters.ts'
import { JOB_STATES, JOB_STEPS } from '../../../shared/model/job.ts'
import { leftOverSchema } from '../../../shared/model/batch.ts'
import { createI18n, languageOf } from './i18n.ts'

const root = join(import.meta.dirname, '..')
const i18ns = { en: createI18n('en'), zh: createI18n('zh') }
const missing = (keys: Iterable<string>) =>
  Object.entries(i18ns).flatMap(([language, i18n]) =>
    // A counted text exists in its plural forms only.
    [...keys]
      .filter((key) => !i18n.exists(key, { fallbackLng: [] }) && !i18n.exists(key, { count: 2 }))
      .map((key) => `${language} ${key}`),
  )

describe('the texts of the window', () => {
  it('exist in both languages for every key that the source names', () => {
    const keys = new Set<string>()
    for (const file of globSync('**/*.{ts,tsx}', { cwd: root })) {
      if (file.includes('.test.')) continue
      const source = readFileSync(join(root, file), 'utf8')
      for (const [, key] of source.matchAll(/\bt\(\s*'([^']+)'/g)) if (key !== undefined) keys.add(key)
      for (const [, key] of source.matchAll(/\bkey: '([a-zA-Z]+)'/g))
        if (key !== undefined) keys.add(`window.notice.${key}`)
    }
    expect(keys.size).toBeGreaterThan(100)
    expect(missing(keys)).toEqual([])
  })

  it('exist for every parameter, choice, step, state and reason', () => {
    const keys = Object.values(ENGINE_PARAMETERS)
      .flat()
      .flatMap((spec) => [
        `parameter.${spec.key}.label`,
        `parameter.${spec.key}.hint`,
        ...(spec.kind === 'choice'
          ? spec.choices.flatMap((choice) => [
              `parameter.${spec.key}.choice.${choice}`,
              `parameter.${spec.key}.choiceHint.${choice}`,
            ])
          : []),
      ])
    keys.push(...JOB_STEPS.map((step) => `step.${step}`), ...JOB_STATES.map((state) => `state.${state}`))
    keys.push(...leftOverSchema.shape.reason.options.map((reason) => `leftOver.${reason}`))
    expect(missing(keys)).toEqual([])
  })

  it('fill in the same values in both languages', () => {
    const holes = (tree: unknown, path = ''): string[] =>
      typeof tree === 'string'
        ? [
            `${path} ${[...tree.matchAll(/\{\{(\w+)\}\}/g)]
              .map(([, name]) => name)
              .toSorted()
              .join(',')}`,
          ]
        : Object.entries(tree as object).flatMap(([key, value]) => holes(value, `${path}.${key}`))
    expect(holes(zh.window)).toEqual(holes(en.window))
  })
})

describe('the language', () => {
  it.each([
    ['system', ['zh-Hans-CN', 'en'], 'zh'],
    ['system', ['fr-FR', 'zh-TW', 'en'], 'zh'],
    ['system', ['de-DE'], 'en'],
    ['system', [], 'en'],
    ['en', ['zh-CN'], 'en'],
    ['zh', ['en-US'], 'zh'],
  ] as const)('for %s on a system that speaks %j is %s', (setting, system, expected) => {
    expect(languageOf(setting, system)).toBe(expected)
  })
})
