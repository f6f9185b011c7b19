/** Head rotation in radians. yaw + turns toward image right, pitch + looks up, roll + leans toward image right. A level, frontal head is 0, 0, 0. */
export type HeadRotation = Readonly<Record<'yaw' | 'pitch' | 'roll', number>>

/** Axis-aligned box in image pixels. */
export type Box = Readonly<Record<'x' | 'y' | 'width' | 'height', number>>

/**
 * One face found in a picture.
 *
 * `landmarks` holds 468 points of the published face-mesh map, three numbers each: x, y in image pixels and z in
 * pixels (negative toward the viewer), with the eye contours already refined by the iris model. Coordinates are
 * continuous: pixel i covers i..i+1, its centre lies at i + 0.5.
 * `irises` holds 2 x 5 points (image-left eye first; centre, image-right, top, image-left, bottom), two numbers each, in image pixels.
 * `score` is the detector's probability, `meshScore` the mesh model's. `box` bounds the landmarks.
 */
export type Face = {
  readonly box: Box
  readonly score: number
  readonly meshScore: number
  readonly landmarks: Float32Array
  readonly irises: Float32Array
  readonly rotation: HeadRotation
}

/** Mouth shapes over time, one value a hop. Sampled by time: value i belongs to `i * hopSeconds`. */
export type MouthCurves = {
  readonly hopSeconds: number
  /** 0 closed .. 1 widest of this voice */
  readonly jaw: Float32Array
  /** -1 rounded .. 0 neutral .. 1 spread */
  readonly wide: Float32Array
  /** 0 .. 1 lips pressed together (p, b, m, silence between words) */
  readonly press: Float32Array
  /** 0 .. 1 upper lip raised (f, v, s) */
  readonly upper: Float32Array
  /** 0 .. 1 loudness now */
  readonly energy: Float32Array
  /** 0 .. 1 loudness over the last phrase */
  readonly slow: Float32Array
}

/** The pose in which the rendered picture is the still itself: all that moves in one video frame. */
export const REST_POSE = {
  /** As in HeadRotation, from the still's. */
  yaw: 0,
  pitch: 0,
  roll: 0,
  /** Head translation in face heights (landmark 10 to 152), image right and down positive. */
  shiftX: 0,
  shiftY: 0,
  /** As in MouthCurves. */
  jaw: 0,
  wide: 0,
  press: 0,
  upper: 0,
  /** 0 open .. 1 closed, both eyes together. */
  blink: 0,
  /** Gaze offset in eye widths. */
  gazeX: 0,
  gazeY: 0,
  /** -1 lowered .. 1 raised */
  brow: 0,
}

export type FramePose = Readonly<typeof REST_POSE>
