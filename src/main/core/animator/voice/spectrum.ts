import { fft } from 'fourier-transform'

/** Frames a second of everything that is derived from a voice. */
export const FRAME_RATE = 100
/** Mel bands of one frame. */
export const BAND_COUNT = 24

const FFT_SIZE = 512
const WINDOW_SIZE = 400
const LOWEST_HZ = 90
const HIGHEST_HZ = 7600
/** The band in which vowels are loud: hum, breath and hiss say little about how open a mouth is. */
const VOICE_LOW_HZ = 200
const VOICE_HIGH_HZ = 3500

/** What a voice sounds like, one value or one row of BAND_COUNT values a frame of 10 ms; frame i is centred on i x 10 ms. */
export type Spectrum = {
  readonly frameCount: number
  /** frameCount x BAND_COUNT, dB. */
  readonly bands: Float32Array
  /** Power of 200 to 3500 Hz, dB. */
  readonly loudness: Float32Array
  /** Power of everything the bands cover, dB: of a hiss too. */
  readonly total: Float32Array
}

const melOf = (hz: number): number => 1127 * Math.log(1 + hz / 700)

/** For each FFT bin its place among the mel bands: band b is a triangle from b to b + 2. */
const melPlaces = (sampleRate: number): Float64Array => {
  const low = melOf(LOWEST_HZ)
  const step = (melOf(HIGHEST_HZ) - low) / (BAND_COUNT + 1)
  return Float64Array.from({ length: FFT_SIZE / 2 }, (_, bin) => (melOf((bin * sampleRate) / FFT_SIZE) - low) / step)
}

/**
 * Mel spectrum of a voice.
 *
 * @param samples mono, -1 .. 1, any length
 * @param sampleRate Hz; the mouth model is trained at 16,000
 */
export function analyseSpectrum(samples: Float32Array, sampleRate: number): Spectrum {
  const hop = sampleRate / FRAME_RATE
  const frameCount = Math.floor(samples.length / hop) + 1
  const bands = new Float32Array(frameCount * BAND_COUNT)
  const loudness = new Float32Array(frameCount)
  const total = new Float32Array(frameCount)
  const window = Float64Array.from(
    { length: WINDOW_SIZE },
    (_, i) => 0.54 - 0.46 * Math.cos((2 * Math.PI * i) / (WINDOW_SIZE - 1)),
  )
  const places = melPlaces(sampleRate)
  const windowed = new Float64Array(FFT_SIZE)
  const sums = new Float64Array(BAND_COUNT + 2)
  const voiceLow = Math.ceil((VOICE_LOW_HZ * FFT_SIZE) / sampleRate)
  const voiceHigh = Math.floor((VOICE_HIGH_HZ * FFT_SIZE) / sampleRate)
  for (let frame = 0; frame < frameCount; frame++) {
    const start = Math.round(frame * hop) - WINDOW_SIZE / 2
    windowed.fill(0)
    for (let i = Math.max(0, -start); i < WINDOW_SIZE && start + i < samples.length; i++)
      windowed[i] = (samples[start + i] as number) * (window[i] as number)
    const [real, imaginary] = fft(windowed)
    sums.fill(0)
    let [voice, all] = [0, 0]
    for (let bin = 1; bin < FFT_SIZE / 2; bin++) {
      const power = (real[bin] as number) ** 2 + (imaginary[bin] as number) ** 2
      if (bin >= voiceLow && bin <= voiceHigh) voice += power
      const place = places[bin] as number
      if (place < 0 || place >= BAND_COUNT + 1) continue
      all += power
      const band = place | 0
      sums[band] = (sums[band] as number) + power * (1 - (place - band))
      sums[band + 1] = (sums[band + 1] as number) + power * (place - band)
    }
    const decibels = (power: number): number => 10 * Math.log10(power + 1e-9)
    for (let band = 0; band < BAND_COUNT; band++) bands[frame * BAND_COUNT + band] = decibels(sums[band + 1] as number)
    loudness[frame] = decibels(voice)
    total[frame] = decibels(all)
  }
  return { frameCount, bands, loudness, total }
}
