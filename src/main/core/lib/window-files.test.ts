import { expect, it } from 'vitest'
import { windowSecurityPolicy } from './window-files.ts'

it('names no source but the page itself and its media, and lets no text become script', () => {
  const rules = new Map(
    windowSecurityPolicy(['studio-media:'])
      .split('; ')
      .map((rule) => {
        const [name = '', ...sources] = rule.split(' ')
        return [name, sources.join(' ')]
      }),
  )
  const media = "'self' studio-media: blob:"
  expect(Object.fromEntries(rules)).toEqual({
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    'font-src': "'self'",
    'img-src': media,
    'media-src': media,
    'connect-src': "'self'",
    'object-src': "'none'",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    'require-trusted-types-for': "'script'",
    'trusted-types': "'none'",
  })
})
