import { createBridgeClient } from './bridge-client.ts'
import type { StudioBridge } from './bridge-client.ts'
import { createHttpClient } from './http-client.ts'
import type { StudioClient } from './studio-client.ts'

declare global {
  interface Window {
    readonly studio?: StudioBridge
  }
}

/** The preload's bridge in Electron, else HTTP on this page's own origin. */
export function connect(page: Window): Promise<StudioClient> {
  return page.studio === undefined
    ? createHttpClient(page.location, page.history)
    : Promise.resolve(createBridgeClient(page.studio))
}
