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

/** In-place complex FFT of FFT_SIZE points (radix 2, decimation in time). */
function createTransform(): (real: Float64Array, imaginary: Float64Array) => void {
  const bits = Math.log2(FFT_SIZE)
  const order = Uint16Array.from({ length: FFT_SIZE }, (_, index) => {
    let reversed = 0
    for (let bit = 0; bit < bits; bit++) reversed |= ((index >> bit) & 1) << (bits - 1 - bit)
    return reversed
  })
  const cosine = Float64Array.from({ length: FFT_SIZE / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / FFT_SIZE))
  const sine = Float64Array.from({ length: FFT_SIZE / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / FFT_SIZE))
  return (real, imaginary) => {
    for (let i = 0; i < FFT_SIZE; i++) {
      const j = order[i] as number
      if (j <= i) continue
      const keptReal = real[i] as number
      const keptImaginary = imaginary[i] as number
      real[i] = real[j] as number
      imaginary[i] = imaginary[j] as number
      real[j] = keptReal
      imaginary[j] = keptImaginary
    }
    for (let half = 1; half < FFT_SIZE; half *= 2) {
      const stride = FFT_SIZE / (half * 2)
      for (let start = 0; start < FFT_SIZE; start += half * 2) {
        for (let k = 0; k < half; k++) {
          const c = cosine[k * stride] as number
          const s = sine[k * stride] as number
          const a = start + k
          const b = a + half
          const br = real[b] as number
          const bi = imaginary[b] as number
          const turnedReal = br * c - bi * s
          const turnedImaginary = br * s + bi * c
          real[b] = (real[a] as number) - turnedReal
          imaginary[b] = (imaginary[a] as number) - turnedImaginary
          real[a] = (real[a] as number) + turnedReal
          imaginary[a] = (imaginary[a] as number) + turnedImaginary
        }
      }
    }
  }
}

const melOf = (hz: number): number => 1127 * Math.log(1 + hz / 700)

/** For each FFT bin: the lower of the two triangular mel bands it feeds (-1 .. BAND_COUNT - 1) and the upper one's share. */
function melShares(sampleRate: number): { readonly lower: Int16Array; readonly upperShare: Float32Array } {
  const lower = new Int16Array(FFT_SIZE / 2).fill(-2)
  const upperShare = new Float32Array(FFT_SIZE / 2)
  const lowMel = melOf(LOWEST_HZ)
  const stepMel = (melOf(HIGHEST_HZ) - lowMel) / (BAND_COUNT + 1)
  for (let bin = 0; bin < FFT_SIZE / 2; bin++) {
    const position = (melOf((bin * sampleRate) / FFT_SIZE) - lowMel) / stepMel
    if (position < 0 || position >= BAND_COUNT + 1) continue
    lower[bin] = Math.floor(position) - 1
    upperShare[bin] = position - Math.floor(position)
  }
  return { lower, upperShare }
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
  const transform = createTransform()
  const window = Float64Array.from(
    { length: WINDOW_SIZE },
    (_, i) => 0.54 - 0.46 * Math.cos((2 * Math.PI * i) / (WINDOW_SIZE - 1)),
  )
  const { lower, upperShare } = melShares(sampleRate)
  const real = new Float64Array(FFT_SIZE)
  const imaginary = new Float64Array(FFT_SIZE)
  const sums = new Float64Array(BAND_COUNT + 2)
  const voiceLow = Math.ceil((VOICE_LOW_HZ * FFT_SIZE) / sampleRate)
  const voiceHigh = Math.floor((VOICE_HIGH_HZ * FFT_SIZE) / sampleRate)
  for (let frame = 0; frame < frameCount; frame++) {
    const start = Math.round(frame * hop) - WINDOW_SIZE / 2
    real.fill(0)
    imaginary.fill(0)
    for (let i = Math.max(0, -start); i < WINDOW_SIZE && start + i < samples.length; i++)
      real[i] = (samples[start + i] as number) * (window[i] as number)
    transform(real, imaginary)
    sums.fill(0)
    let voice = 0
    let all = 0
    for (let bin = 1; bin < FFT_SIZE / 2; bin++) {
      const power = (real[bin] as number) ** 2 + (imaginary[bin] as number) ** 2
      if (bin >= voiceLow && bin <= voiceHigh) voice += power
      const band = lower[bin] as number
      if (band < -1) continue
      all += power
      const share = upperShare[bin] as number
      sums[band + 1] = (sums[band + 1] as number) + power * (1 - share)
      sums[band + 2] = (sums[band + 2] as number) + power * share
    }
    for (let band = 0; band < BAND_COUNT; band++)
      bands[frame * BAND_COUNT + band] = 10 * Math.log10((sums[band + 1] as number) + 1e-9)
    loudness[frame] = 10 * Math.log10(voice + 1e-9)
    total[frame] = 10 * Math.log10(all + 1e-9)
  }
  return { frameCount, bands, loudness, total }
}
