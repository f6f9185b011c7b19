import type { TestProject } from 'vitest/node'
import { openRadosgwDesk } from './fixtures/radosgw-desk.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where a suite asks for the S3 server that all of them share. */
    readonly radosgwDesk: string
  }
}

/** Every suite runs on the Node that the app ships with: an older one would test something else in silence. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 24) throw new Error(`The tests need Node 24 or newer; this is ${process.versions.node}.`)
  const desk = await openRadosgwDesk()
  project.provide('radosgwDesk', desk.url)
  return desk.close
}
