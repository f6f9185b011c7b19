import { existsSync } from 'node:fs'

const WHOLE = '/usr/bin/chromium'

/** The browser that the window is tried in: CHROMIUM_PATH, else Debian's headless build of Chromium, which draws the same for two thirds of the work, else the whole of it. */
export const chromiumPath =
  process.env['CHROMIUM_PATH'] ?? ['/usr/bin/chromium-headless-shell', WHOLE].find((path) => existsSync(path)) ?? WHOLE
