/**
 * The small process that starts ffprobe and decodes pictures for the core: starting a program from a process of
 * hundreds of megabytes takes twice as long, and a picture that kills its decoder kills only this.
 *
 * Questions and answers are lines of JSON. It ends, and kills what it started, when its parent goes away, however that
 * goes.
 */
import { toErrorData } from '../../../shared/errors.ts'
import { listenToParent } from '../lib/parent-channel.ts'
import { runTool } from '../lib/run-tool.ts'
import type { ProbeAnswer, ProbeRequest } from './probe-messages.ts'

const running = new Map<number, AbortController>()

function answer(message: ProbeAnswer): void {
  say(JSON.stringify(message))
}

async function work(request: ProbeRequest, signal: AbortSignal): Promise<ProbeAnswer> {
  const { id } = request
  switch (request.task) {
    case 'run': {
      const result = await runTool({ ...request, signal })
      return { id, outcome: 'ran', exitCode: result.exitCode, stdout: result.stdout.toString('utf8') }
    }
    case 'decode': {
      const { decodeWhole } = await import('./picture-work.ts')
      await decodeWhole(request.path, request.ffmpegPath, signal)
      return { id, outcome: 'done' }
    }
    case 'listen': {
      const { listenToFile } = await import('./sound-work.ts')
      const heard = await listenToFile(request, signal)
      return { id, outcome: 'heard', ...heard }
    }
    case 'rewrite': {
      const { rewriteHeader } = await import('./transcode.ts')
      await rewriteHeader({ ...request, signal })
      return { id, outcome: 'done' }
    }
    case 'redraw': {
      const { redrawUpright } = await import('./picture-work.ts')
      await redrawUpright(request)
      return { id, outcome: 'done' }
    }
    case 'repaint': {
      const { repaint } = await import('./picture-repair.ts')
      return { id, outcome: 'painted', path: await repaint(request, signal) }
    }
    case 'transcode': {
      const { transcodeVoice } = await import('./transcode.ts')
      await transcodeVoice({ ...request, signal })
      return { id, outcome: 'done' }
    }
    case 'copy-video': {
      const { copyVideo } = await import('./transcode.ts')
      await copyVideo({ ...request, signal })
      return { id, outcome: 'done' }
    }
    case 'swap-sound': {
      const { swapSound } = await import('./transcode.ts')
      await swapSound({ ...request, signal })
      return { id, outcome: 'done' }
    }
    case 'first-frame': {
      const { writeFirstFrame } = await import('./transcode.ts')
      await writeFirstFrame({ ...request, signal })
      return { id, outcome: 'done' }
    }
    case 'thumbnail': {
      const { writeThumbnail } = await import('./picture-work.ts')
      await writeThumbnail(request, signal)
      return { id, outcome: 'done' }
    }
    case 'cancel':
      return { id, outcome: 'done' }
  }
}

async function onLine(line: string): Promise<void> {
  // Only the core holds the other end of this pipe.
  const request = JSON.parse(line) as ProbeRequest
  if (request.task === 'cancel') {
    running.get(request.id)?.abort()
    return
  }
  const stop = new AbortController()
  running.set(request.id, stop)
  try {
    answer(await work(request, stop.signal))
  } catch (thrown) {
    const { code, params } = toErrorData(thrown)
    answer({ id: request.id, outcome: 'failed', code, params })
  } finally {
    running.delete(request.id)
  }
}

function end(): void {
  for (const stop of running.values()) stop.abort()
  // Aborting killed each child with SIGKILL: nothing is left to wait for.
  process.exit(0)
}

const say = listenToParent((line) => void onLine(line), end)
// Ctrl+C reaches the whole process group; the parent decides when this ends.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', end)
