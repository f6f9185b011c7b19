import { readdirSync } from 'node:fs'
import { extname, join } from 'node:path'

/** One file of the built window with the type it is served as. */
export type WindowFile = { readonly path: string; readonly contentType: string }

/** Only these leave the folder, always under these types, so nothing can be passed off as a page or script. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}

/**
 * Every file of the built window by its URL path ('/' is the page). A request looks its path up here and never becomes
 * a path on disk: neither `..` nor an encoded or linked way out exists. Links and unknown types are left out.
 */
export function indexWindowFiles(rendererDir: string): ReadonlyMap<string, WindowFile> {
  const files = new Map<string, WindowFile>()
  const walk = (folder: string, urlPath: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) walk(path, `${urlPath}${entry.name}/`)
      const contentType = CONTENT_TYPES[extname(entry.name)]
      if (entry.isFile() && contentType !== undefined) files.set(`${urlPath}${entry.name}`, { path, contentType })
    }
  }
  walk(rendererDir, '/')
  const page = files.get('/index.html')
  if (page !== undefined) files.set('/', page)
  return files
}

/**
 * The policy of the window's page: own scripts and styles only, nothing inline, no network but the host itself, and no
 * way to turn a string into markup or code. `media` names further sources of pictures and video.
 */
export function windowSecurityPolicy(media: readonly string[] = []): string {
  const sources = ["'self'", ...media, 'blob:'].join(' ')
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    `img-src ${sources}`,
    `media-src ${sources}`,
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ')
}
