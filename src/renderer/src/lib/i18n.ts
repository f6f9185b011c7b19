import { createInstance } from 'i18next'
import type { i18n } from 'i18next'
import { initReactI18next } from 'react-i18next'
import en from '../../../shared/text/en.json' with { type: 'json' }
import zh from '../../../shared/text/zh.json' with { type: 'json' }
import type { Settings } from '../../../shared/model/settings.ts'

/** The catalogue for a setting; the first of the system's languages that we speak decides for `system`. */
export function languageOf(setting: Settings['language'], systemLanguages: readonly string[]): 'en' | 'zh' {
  if (setting !== 'system') return setting
  for (const tag of systemLanguages) {
    const language = tag.toLowerCase().split('-')[0]
    if (language === 'en' || language === 'zh') return language
  }
  return 'en'
}

export function createI18n(language: 'en' | 'zh'): i18n {
  const instance = createInstance()
  instance.use(initReactI18next)
  void instance.init({
    lng: language,
    fallbackLng: 'en',
    initAsync: false,
    resources: { en: { translation: en }, zh: { translation: zh } },
    // React escapes text itself.
    interpolation: { escapeValue: false },
    returnNull: false,
  })
  return instance
}
