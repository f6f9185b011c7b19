import { statSync } from 'node:fs'

/** Remembers what was made from a file until the file changes (size or time of change) or newer entries push it out. */
export type FileCache<T> = {
  /** The remembered value, or the one that `make` makes now. A failure is not remembered. */
  readonly get: (path: string, variant: string, make: () => Promise<T>) => Promise<T>
}

/** A cache of the last `capacity` values; `variant` tells apart several things made from one file. */
export const createFileCache = <T>(capacity: number): FileCache<T> => {
  const entries = new Map<string, Promise<T>>()
  return {
    get: async (path, variant, make) => {
      const found = statSync(path, { throwIfNoEntry: false })
      // A file that is not there is the maker's to report, in its own words.
      if (!found) return make()
      const version = `${found.size}:${found.mtimeMs}:${found.ino}`
      const key = `${path}\0${version}\0${variant}`
      const known = entries.get(key)
      entries.delete(key)
      const value = known ?? make()
      entries.set(key, value)
      for (const oldest of entries.keys()) {
        if (entries.size <= capacity) break
        entries.delete(oldest)
      }
      value.catch(() => {
        if (entries.get(key) === value) entries.delete(key)
      })
      // What somebody else began may have been cancelled by them: then it is made again, for us.
      return known ? known.catch(make) : value
    },
  }
}
