import './lib/zod-setup.ts'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './styles/tokens.css'
import './styles/base.css'
import { App } from './app/app.tsx'
import { createStudio } from './app/create-studio.ts'
import { connect } from './client/connect.ts'
import { createI18n, languageOf } from './lib/i18n.ts'

const place = document.getElementById('root')
if (place === null) throw new Error('index.html has no #root')

const i18n = createI18n(languageOf('system', navigator.languages))
const studio = createStudio(await connect(window))
createRoot(place).render(
  <StrictMode>
    <App studio={studio} i18n={i18n} />
  </StrictMode>,
)
