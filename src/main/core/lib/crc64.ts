/**
 * CRC-64/XZ (ECMA-182 polynomial, reflected), the checksum that Alibaba OSS gives as `x-oss-hash-crc64ecma`.
 * Kept as two 32-bit halves: BigInt per byte would be slower than the network.
 */
const LOW = new Uint32Array(256)
const HIGH = new Uint32Array(256)
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
  LOW[n] = low >>> 0
  HIGH[n] = high >>> 0
}

export type Crc64 = { readonly update: (bytes: Uint8Array) => void; readonly digest: () => bigint }

export function createCrc64(): Crc64 {
  let low = 0xffff_ffff
  let high = 0xffff_ffff
  return {
    update(bytes) {
      for (const byte of bytes) {
        const index = (low ^ byte) & 0xff
        low = ((((low >>> 8) | (high << 24)) >>> 0) ^ (LOW[index] as number)) >>> 0
        high = ((high >>> 8) ^ (HIGH[index] as number)) >>> 0
      }
    },
    digest: () => (BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0),
  }
}
