// Writes NAME.f32 (frames x features, little-endian float32) beside every NAME.wav of the folders given.
// Usage: node features.ts FOLDER...
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { voiceFeatures } from '../../src/main/core/animator/voice/features.ts'

const HEADER_BYTES = 44
for (const folder of process.argv.slice(2)) {
  for (const name of readdirSync(folder).filter((entry) => entry.endsWith('.wav'))) {
    const bytes = readFileSync(join(folder, name)).subarray(HEADER_BYTES)
    const samples = Float32Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(i * 2) / 32768)
    writeFileSync(join(folder, name.replace(/wav$/, 'f32')), voiceFeatures(samples, 16000).values)
  }
}
