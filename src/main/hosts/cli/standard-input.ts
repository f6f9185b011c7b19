import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { usageError } from './arguments.ts'

/** More than any secret; what is longer is something else that was piped in by mistake. */
const MAX_BYTES = 100_000

/**
 * Secrets from standard input: all of it for one, a line each for several. On a terminal each is asked for and not
 * shown. `ending` gives up waiting.
 */
export async function readSecrets(prompts: readonly string[], ending: AbortSignal): Promise<string[]> {
  const { stdin } = process
  if (stdin.isTTY === true) {
    const answers: string[] = []
    for (const prompt of prompts) answers.push(await askHidden(prompt, ending))
    return answers
  }
  const text = await readAll(ending)
  if (prompts.length === 1) return [text]
  const lines = text
    .replace(/^\u{feff}/u, '')
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim() !== '')
  if (lines.length !== prompts.length)
    throw usageError(`Standard input must have ${prompts.length} lines: access key, then secret.`)
  return lines
}

/** A question that only `y` or `yes` answers with yes. */
export async function confirm(question: string, ending: AbortSignal): Promise<boolean> {
  const answer = await ask(question, process.stderr, ending)
  return /^y(es)?$/i.test(answer.trim())
}

const askHidden = async (prompt: string, ending: AbortSignal): Promise<string> => {
  process.stderr.write(prompt)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const answer = await ask('', nowhere, ending)
  process.stderr.write('\n')
  return answer
}

function ask(question: string, output: NodeJS.WritableStream, ending: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 })
  return new Promise<string>((resolve, reject) => {
    const giveUp = () => reject(ending.reason)
    ending.addEventListener('abort', giveUp, { once: true })
    lines.once('close', () => reject(usageError('Nothing was entered.')))
    lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    lines.question(question, resolve)
  }).finally(() => lines.close())
}

async function readAll(ending: AbortSignal): Promise<string> {
  const { stdin } = process
  const stop = () => stdin.destroy()
  ending.addEventListener('abort', stop, { once: true })
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of stdin) {
      const bytes = chunk as Buffer
      sizeBytes += bytes.length
      if (sizeBytes > MAX_BYTES) throw usageError('What came on standard input is too long for a key.')
      chunks.push(bytes)
    }
  } finally {
    ending.removeEventListener('abort', stop)
  }
  ending.throwIfAborted()
  return decode(Buffer.concat(chunks))
}

/** Windows shells pipe UTF-16 as soon as a redirect is involved. */
function decode(bytes: Buffer): string {
  return bytes[0] === 0xff && bytes[1] === 0xfe ? bytes.subarray(2).toString('utf16le') : bytes.toString('utf8')
}
