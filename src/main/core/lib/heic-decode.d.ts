declare module 'heic-decode' {
  /** Decodes the primary image, with the container's own rotation applied. Throws on anything that is not HEIF. */
  const decode: (input: {
    buffer: Uint8Array
  }) => Promise<{ width: number; height: number; data: Uint8ClampedArray<ArrayBuffer> }>
  export default decode
}
