declare module 'fourier-transform' {
  /** Spectrum of a real signal whose length is a power of two: bins 0 to half of it, not normalised. The next call overwrites it. */
  export const fft: (signal: Float64Array) => readonly [real: Float64Array, imaginary: Float64Array]
}
