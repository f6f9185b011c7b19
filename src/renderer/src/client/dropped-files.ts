/** One file with its place below what was dropped, '/'-separated: `portraits/anna.jpg`, or just `anna.jpg`. */
export type DroppedFile = { readonly file: File; readonly relativePath: string }

/** Files of a file dialog; a folder dialog gives each file its place below the chosen folder. */
export function filesOfInput(list: FileList | readonly File[]): DroppedFile[] {
  return Array.from(list, (file) => ({
    file,
    relativePath: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath,
  }))
}

/** True when a drag or paste carries files, as opposed to a link or text. */
export function carriesFiles(transfer: DataTransfer | null): boolean {
  return transfer !== null && transfer.types.includes('Files')
}

/**
 * Everything in a drop, folders walked through. Must be called within the event: entries are only handed out then.
 * Where files have paths a folder is one item, and the core walks it itself.
 */
export function filesOfTransfer(transfer: DataTransfer, walkFolders: boolean): Promise<DroppedFile[]> {
  if (!walkFolders) return Promise.resolve(filesOfInput(transfer.files))
  const items = Array.from(transfer.items).filter((item) => item.kind === 'file')
  const entries = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }))
  return walkEntries(entries)
}

type DropItem = { readonly entry: FileSystemEntry | null; readonly file: File | null }

async function walkEntries(items: readonly DropItem[]): Promise<DroppedFile[]> {
  const found: DroppedFile[] = []
  for (const { entry, file } of items) {
    if (entry !== null) await walk(entry, '', found)
    else if (file !== null) found.push({ file, relativePath: file.name })
  }
  return found
}

async function walk(entry: FileSystemEntry, folder: string, found: DroppedFile[]): Promise<void> {
  const relativePath = `${folder}${entry.name}`
  if (isFile(entry)) {
    found.push({ file: await new Promise<File>((resolve, reject) => entry.file(resolve, reject)), relativePath })
    return
  }
  if (!isFolder(entry)) return
  const reader = entry.createReader()
  // A reader gives at most 100 entries at a time; an empty answer is the end.
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (batch.length === 0) return
    for (const child of batch) await walk(child, `${relativePath}/`, found)
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory
