import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { createPrivate } from './database-file-rights.ts'

/**
 * An append-only file of what each committed transaction changed (SQLite changesets), fsynced before the commit. With
 * the backup that it follows it gives back every committed row when the database file is damaged or its -wal is lost.
 *
 * Layout: a line of JSON `{"schemaVersion":N}`, then records of [u32 length][u32 crc32 of the rest][u64 sequence number]
 * [changeset], little-endian. A torn or damaged record ends the file.
 */
export type ChangeJournal = {
  /** Durable when it returns. `undo` takes the record back when the commit failed after all. */
  readonly append: (sequence: number, changeset: Uint8Array) => { readonly undo: () => void }
  readonly sizeBytes: () => number
  readonly close: () => void
}

export type ChangeRecord = { readonly sequence: number; readonly changeset: Uint8Array }

const HEADER_BYTES = 16

/** Starts or goes on with a journal file; what lies behind the last whole record is cut off. */
export function openJournal(path: string, schemaVersion: number): ChangeJournal {
  createPrivate(path)
  const descriptor = openSync(path, 'r+')
  let end = readJournal(path)?.validBytes ?? 0
  if (end === 0) {
    const header = Buffer.from(`${JSON.stringify({ schemaVersion })}\n`)
    ftruncateSync(descriptor, 0)
    writeAll(descriptor, header, 0)
    end = header.length
  } else {
    ftruncateSync(descriptor, end)
  }
  fsyncSync(descriptor)
  return {
    append: (sequence, changeset) => {
      const record = Buffer.alloc(HEADER_BYTES + changeset.length)
      record.writeUInt32LE(changeset.length, 0)
      record.writeBigUInt64LE(BigInt(sequence), 8)
      record.set(changeset, HEADER_BYTES)
      record.writeUInt32LE(crc32(record.subarray(8)), 4)
      const start = end
      const undo = (): void => {
        ftruncateSync(descriptor, start)
        end = start
      }
      try {
        writeAll(descriptor, record, start)
        fsyncSync(descriptor)
      } catch (thrown) {
        undo()
        throw thrown
      }
      end = start + record.length
      return { undo }
    },
    sizeBytes: () => end,
    close: () => closeSync(descriptor),
  }
}

/** The whole records of a journal file, in order; null when it is not one. */
export function readJournal(
  path: string,
): { readonly schemaVersion: number; readonly records: ChangeRecord[]; readonly validBytes: number } | null {
  const bytes = readFileSync(path)
  const lineEnd = bytes.indexOf(0x0a)
  const header = /^\{"schemaVersion":(\d+)\}$/.exec(bytes.toString('latin1', 0, Math.max(0, lineEnd)))
  if (header === null) return null
  const records: ChangeRecord[] = []
  let offset = lineEnd + 1
  while (offset + HEADER_BYTES <= bytes.length) {
    const end = offset + HEADER_BYTES + bytes.readUInt32LE(offset)
    if (end > bytes.length || crc32(bytes.subarray(offset + 8, end)) !== bytes.readUInt32LE(offset + 4)) break
    records.push({
      sequence: Number(bytes.readBigUInt64LE(offset + 8)),
      changeset: bytes.subarray(offset + HEADER_BYTES, end),
    })
    offset = end
  }
  return { schemaVersion: Number(header[1]), records, validBytes: offset }
}

function writeAll(descriptor: number, bytes: Uint8Array, position: number): void {
  let written = 0
  while (written < bytes.length) {
    written += writeSync(descriptor, bytes, written, bytes.length - written, position + written)
  }
}
