/** A number in 0 .. 1 that depends on nothing but its arguments (the finaliser of MurmurHash3 over a mix of them). */
export function chance(seed: number, channel: number, index: number): number {
  let h = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(channel + 1, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)) | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296
}

/**
 * Smooth wandering between about -1 and 1: quintic value noise with a weaker octave above it (.75 and .25).
 *
 * @param position in periods of the slow octave, 0 or more
 */
export function wander(seed: number, channel: number, position: number): number {
  const octave = (own: number, x: number): number => {
    const index = Math.floor(x)
    const t = x - index
    const ease = t * t * t * (t * (t * 6 - 15) + 10)
    const a = chance(seed, own, index) * 2 - 1
    const b = chance(seed, own, index + 1) * 2 - 1
    return a + (b - a) * ease
  }
  return 0.75 * octave(channel * 2, position) + 0.25 * octave(channel * 2 + 1, position * 2.17)
}
