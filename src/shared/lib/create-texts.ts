import i18next from 'i18next'
import en from '../text/en.json' with { type: 'json' }
import zh from '../text/zh.json' with { type: 'json' }
import type { KeyExists, Translate } from './error-sentence.ts'

export type Language = 'en' | 'zh'

/** One language of the shared catalogues. */
export type Texts = { readonly t: Translate; readonly exists: KeyExists }

/** Opens the catalogues in a language: one call a host, two where a person and a program read along. */
export function createTexts(language: Language): Texts {
  const instance = i18next.createInstance()
  void instance.init({
    lng: language,
    fallbackLng: 'en',
    resources: { en: { translation: en }, zh: { translation: zh } },
    interpolation: { escapeValue: false },
    initAsync: false,
  })
  return {
    t: (key, values) => String(instance.t(key, { ...values })),
    exists: (key) => instance.exists(key),
  }
}
