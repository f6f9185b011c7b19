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

/** The page of the newest release of a GitHub repository, `owner/name`. */
export const releasePageOf = (repository: string): string => `https://github.com/${repository}/releases/latest`

function parse(address: string): URL | null {
  return URL.canParse(address) ? new URL(address) : null
}
