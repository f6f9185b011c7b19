import { spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createCore } from '../../core/create-core.ts'
import { PRIVATE_FILE_MODE } from '../../core/lib/private-files.ts'
import type { Ports } from '../../core/ports.ts'
import { startWebHost } from './server.ts'
import type { WebHost } from './server.ts'

/** Runs the browser host until `ending`. `open` also opens the system's browser. */
export async function serve(options: {
  readonly ports: Ports
  readonly rendererDir: string
  readonly port: number | undefined
  readonly open: boolean
  readonly ending: AbortSignal
  readonly onListening: (url: string) => void
}): Promise<void> {
  const { ports, rendererDir, port, open, ending, onListening } = options
  const { clock, newId, logger } = ports
  const { dataDir } = ports.paths
  const core = await createCore(ports)
  const redirect = join(dataDir, `open-${newId()}.html`)
  let host: WebHost | undefined
  try {
    host = await startWebHost(core, { clock, newId, logger, dataDir, rendererDir, port })
    onListening(host.url)
    if (open) openBrowser(redirect, host.url)
    if (!ending.aborted) await new Promise((resolve) => ending.addEventListener('abort', resolve, { once: true }))
  } finally {
    rmSync(redirect, { force: true })
    await host?.stop()
    await core.stop()
  }
}

/**
 * Other users see the arguments of every process, so the browser is given a private file that leads to the address, and
 * never the token itself.
 */
function openBrowser(redirect: string, url: string): void {
  writeFileSync(redirect, `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${url}">\n`, {
    mode: PRIVATE_FILE_MODE,
    flag: 'wx',
  })
  const target = pathToFileURL(redirect).href
  const [program, args]: [string, string[]] =
    process.platform === 'darwin'
      ? ['open', [target]]
      : process.platform === 'win32'
        ? ['rundll32', ['url.dll,FileProtocolHandler', target]]
        : ['xdg-open', [target]]
  const child = spawn(program, args, { stdio: 'ignore', detached: true })
  // No browser to open is no fault: the address has been printed.
  child.on('error', () => undefined)
  child.unref()
}
