import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout's folder. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/** One line for a person; standard output stays free for the program that is started. */
export function say(line) {
  process.stderr.write(`${line}\n`)
}

/** The JavaScript file behind a package's command, so that it can be started with any Node. */
export function bin(packageName, command) {
  const folder = join(root, 'node_modules', packageName)
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return join(folder, typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[command])
}

/**
 * Runs a program to its end and gives its exit code (128 + signal number when a signal ended it).
 * Signals to this process are handed on, and the program is told to stop when our own parent is gone: npm does not
 * hand signals on, so a killed `npm run` would otherwise leave everything behind alive.
 */
export function run(program, args, options = {}) {
  return new Promise((settle, reject) => {
    const child = spawn(program, args, { cwd: process.cwd(), stdio: 'inherit', ...options })
    const forward = (signal) => child.kill(signal)
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, forward)
    const parent = process.ppid
    const watch = setInterval(() => {
      if (process.ppid !== parent) child.kill('SIGTERM')
    }, 500)
    watch.unref()
    const finish = () => {
      clearInterval(watch)
      for (const signal of signals) process.off(signal, forward)
    }
    child.once('error', (error) => {
      finish()
      reject(new Error(`${program} could not be started: ${error.message}`))
    })
    child.once('close', (code, signal) => {
      finish()
      settle(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
}

/** Becomes the program where the system allows it (one process less between npm and the program), else runs it. */
export async function replaceWith(program, args) {
  if (typeof process.execve === 'function' && process.platform !== 'win32' && existsSync(program)) {
    process.execve(program, [program, ...args], { ...process.env })
  }
  return run(program, args)
}
