// Copies the face models and their WebAssembly backend beside the program and checks every file against its pinned hash.
// Node built-ins only: it runs before anything of ours is built.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')

/** @param {Buffer} bytes */
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

/** @param {string} path */
const hashOf = (path) => {
  try {
    return sha256(readFileSync(path))
  } catch {
    return undefined
  }
}

/**
 * Fills `outDir` with the files of resources/face-models.json, taken from node_modules or `vendored` ones; files that are already right stay.
 * Throws, naming the file, when one is missing or its SHA-256 is not the pinned one. Returns the number of files.
 *
 * @param {string} outDir
 * @returns {number}
 */
export const copyModels = (outDir) => {
  const manifest = JSON.parse(readFileSync(join(root, 'resources/face-models.json'), 'utf8'))
  mkdirSync(outDir, { recursive: true })
  for (const file of manifest.files) {
    const target = join(outDir, file.name)
    if (hashOf(target) === file.sha256) continue
    // A package of 144 MB for 300 KB is not installed: what is wanted of it lies in the repository.
    const source = join(root, file.vendored ?? join('node_modules', file.package, file.path))
    const bytes = readFileSync(source)
    const hash = sha256(bytes)
    if (hash !== file.sha256) throw new Error(`${source} is not the file that was reviewed: SHA-256 ${hash}`)
    // Renamed into place, because another process may be reading the folder.
    writeFileSync(`${target}.${process.pid}.part`, bytes)
    renameSync(`${target}.${process.pid}.part`, target)
  }
  return manifest.files.length
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const outDir = resolve(process.argv[2] ?? join(root, 'out/models'))
  console.log(`${copyModels(outDir)} model files -> ${outDir}`)
}
