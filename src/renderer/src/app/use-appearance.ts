import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { languageOf } from '../lib/i18n.ts'
import { useSession } from '../lib/studio.tsx'

/** Language and theme of the page follow the settings while the window is open. */
export function useAppearance(): void {
  const { i18n, t } = useTranslation()
  const language = useSession(({ settings }) => settings.language)
  const theme = useSession(({ settings }) => settings.theme)

  useEffect(() => {
    const next = languageOf(language, navigator.languages)
    if (i18n.language !== next) void i18n.changeLanguage(next)
    document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en'
  }, [i18n, language])

  useEffect(() => {
    document.title = t('window.appName')
  }, [t])

  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = theme
  }, [theme])
}
