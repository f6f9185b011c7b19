/** The schemes of the app's own files and of media by id. Neither ever carries a path of the disk. */
export const APP_SCHEME = 'studio-app'
export const MEDIA_SCHEME = 'studio-media'
export const APP_HOST = 'app'
export const MEDIA_HOST = 'media'
export const APP_PAGE = `${APP_SCHEME}://${APP_HOST}/`

/** True for addresses of the app's own page. The origin of such a scheme is opaque to the URL parser, so its parts are compared. */
export function isAppAddress(address: string): boolean {
  const url = parse(address)
  return (
    url !== null && url.protocol === `${APP_SCHEME}:` && url.host === APP_HOST && url.username === '' && url.port === ''
  )
}

/** The only pages that the app ever opens in the system's browser. Compared whole: nothing is appended or looked up. */
const EXTERNAL_PAGES: readonly string[] = ['https://ffmpeg.org/download.html', 'https://nodejs.org/en/download']

export function isExternalPage(address: string): boolean {
  return EXTERNAL_PAGES.includes(address)
}

function parse(address: string): URL | null {
  return URL.canParse(address) ? new URL(address) : null
}
