/**
 * CRC-64/XZ (ECMA-182 polynomial, reflected), the checksum that Alibaba OSS gives as `x-oss-hash-crc64ecma`.
 * Kept as two 32-bit halves: BigInt per byte would be slower than the network.
 */
const LOW = new Int32Array(256)
const HIGH = new Int32Array(256)
for (let n = 0; n < 256; n++) {
  let low = n
  let high = 0
  for (let bit = 0; bit < 8; bit++) {
    const odd = (low & 1) === 1
    low = (low >>> 1) | ((high & 1) << 31)
    high >>>= 1
    if (odd) {
      low ^= 0xd787_0f42
      high ^= 0xc96c_5795
    }
  }
  LOW[n] = low
  HIGH[n] = high
}

export type Crc64 = { readonly update: (bytes: Uint8Array) => void; readonly digest: () => bigint }

export function createCrc64(): Crc64 {
  let low = -1
  let high = -1
  return {
    update(bytes) {
      let [l, h] = [low, high]
      for (let at = 0; at < bytes.length; at++) {
        const index = (l ^ (bytes[at] as number)) & 0xff
        l = ((l >>> 8) | (h << 24)) ^ (LOW[index] as number)
        h = (h >>> 8) ^ (HIGH[index] as number)
      }
      low = l
      high = h
    },
    digest: () => (BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0),
  }
}
