import type { StudioClient } from '../client/studio-client.ts'
import type { Job } from '../../../shared/model/job.ts'
import { baseName } from './display-name.ts'

declare global {
  interface Window {
    /** Not in every browser. */
    readonly showDirectoryPicker?: (options: { readonly mode: 'readwrite' }) => Promise<FileSystemDirectoryHandle>
  }
}

const PAGE_ROWS = 500
/** Browsers drop downloads that are asked for all at once. */
const DOWNLOAD_GAP_MS = 300

export type SaveProgress = (saved: number, total: number) => void

/**
 * Writes a copy of every finished video into a folder of the user's choice, or downloads them one by one where the
 * browser lends no folders. Never overwrites. Returns how many; null when the folder was not chosen.
 */
export async function saveAllResults(
  client: StudioClient,
  page: Window,
  onProgress: SaveProgress,
): Promise<{ readonly saved: number; readonly missing: number } | null> {
  // Asked for first: a browser lends a folder only in answer to a click.
  const folder = await pickFolder(page)
  if (folder === 'declined') return null
  const jobs = await doneJobs(client)
  let saved = 0
  let missing = 0
  for (const { jobId, output } of jobs) {
    const url = client.mediaUrl('result', jobId)
    const name = baseName(output ?? jobId)
    const isSaved = folder === 'none' ? await download(page, url, name) : await writeInto(folder, url, name)
    if (isSaved) saved += 1
    else missing += 1
    onProgress(saved, jobs.length)
  }
  return { saved, missing }
}

async function pickFolder(page: Window): Promise<FileSystemDirectoryHandle | 'none' | 'declined'> {
  if (page.showDirectoryPicker === undefined) return 'none'
  try {
    return await page.showDirectoryPicker({ mode: 'readwrite' })
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') return 'declined'
    throw thrown
  }
}

async function doneJobs(client: StudioClient): Promise<Job[]> {
  const rows: Job[] = []
  for (;;) {
    const page = await client.call('jobs.list', { offset: rows.length, limit: PAGE_ROWS, states: ['done'] })
    rows.push(...page.rows)
    if (page.rows.length === 0 || rows.length >= page.total) return rows
  }
}

/** False when the video is not where it was put any more. */
async function writeInto(folder: FileSystemDirectoryHandle, url: string, name: string): Promise<boolean> {
  const answer = await fetch(url)
  if (!answer.ok || answer.body === null) return false
  const file = await folder.getFileHandle(await freeName(folder, name), { create: true })
  await answer.body.pipeTo(await file.createWritable())
  return true
}

async function freeName(folder: FileSystemDirectoryHandle, name: string): Promise<string> {
  const dot = name.lastIndexOf('.')
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${stem} (${String(number)})${extension}`
    try {
      await folder.getFileHandle(candidate)
    } catch (thrown) {
      if (thrown instanceof DOMException && thrown.name === 'NotFoundError') return candidate
      throw thrown
    }
  }
}

async function download(page: Window, url: string, name: string): Promise<boolean> {
  const head = await fetch(url, { method: 'HEAD' })
  if (!head.ok) return false
  const link = page.document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  await new Promise((resolve) => setTimeout(resolve, DOWNLOAD_GAP_MS))
  return true
}
