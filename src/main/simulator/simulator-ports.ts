/** Time as the simulator sees it; tests hand in a scaled or stepped one. */
export type SimulatorClock = {
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly setTimer: (delayMs: number, action: () => void) => { readonly cancel: () => void }
}

/** What the simulator needs to know of a fetched input, measured by the host of the simulator. */
export type InputInspector = {
  /** Number of faces in a picture, or null when it is no readable picture. */
  readonly countFaces: (image: Buffer) => Promise<number | null>
  /** Decoded length in seconds, or null when it is no readable sound. */
  readonly audioSeconds: (audio: Buffer) => Promise<number | null>
}

/** Makes the video of an accepted portrait job; gives the bytes of an MP4. */
export type PortraitRenderer = (input: {
  readonly image: Buffer
  readonly audio: Buffer
  readonly parameters: Readonly<Record<string, unknown>>
}) => Promise<Buffer>

/** Makes the clip of an accepted job, or says in the vendor's words why it cannot be made. */
export type ClipRenderer = (input: {
  readonly source: Buffer
  readonly driver: Buffer
  readonly parameters: Readonly<Record<string, unknown>>
}) => Promise<{ readonly bytes: Buffer; readonly frames: number } | { readonly error: string }>

export type SimulatorPorts = {
  readonly clock: SimulatorClock
  readonly newId: () => string
  readonly inspect: InputInspector
  readonly renderPortrait: PortraitRenderer
  /** Absent: the vendor of clips is not played. */
  readonly renderClip?: ClipRenderer
}
