import { parentPort } from 'node:worker_threads'
import type { ToWorker } from '../../src/main/core/animator/protocol.ts'
import { entryLayout } from '../../src/main/core/lib/node-ports.ts'
import { APP_ENTRY } from '../fixtures/app-entry.ts'

await import(entryLayout(APP_ENTRY).animatorWorker.href)

/** The real worker, except that a picture named "crash" ends the thread without a word. */
parentPort?.on('message', (message: ToWorker) => {
  if (message.type === 'call' && message.call.kind === 'find-faces' && message.call.imagePath.includes('crash')) {
    process.exit(7)
  }
})
