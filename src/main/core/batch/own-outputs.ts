const NUMBERED_PAIR = /^.+__.+( \(\d+\))?\.mp4$/i

/**
 * Whether a file in the output folder is a result of ours: `anything` counts every MP4 (a folder that holds only
 * results), `by-name` only the names that results get (a folder that also holds inputs).
 */
export function isOwnOutput(name: string, rule: 'anything' | 'by-name'): boolean {
  return rule === 'anything' ? name.toLowerCase().endsWith('.mp4') : NUMBERED_PAIR.test(name)
}
