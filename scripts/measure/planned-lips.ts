import type { MouthCurves } from '../../src/main/core/animator/types.ts'
import { mouthCurves } from '../../src/main/core/animator/voice/mouth-curves.ts'
import type { LipSeries } from './lip-figures.ts'
import { plannedPoses } from './planned-poses.ts'

const RATE = 16_000

/** A voice is heard once, however often its lips are planned. */
const heard = new WeakMap<Float32Array, MouthCurves>()
const curvesOf = (samples: Float32Array): MouthCurves => {
  const curves = heard.get(samples) ?? mouthCurves(samples, RATE)
  heard.set(samples, curves)
  return curves
}

/** The lips that the motion asks for, of a 16 kHz voice: the gap is what the jaw opens and pressing has not closed. */
export const plannedLips = (samples: Float32Array, fps: number): LipSeries => {
  const poses = plannedPoses({ video_fps: fps }, { curves: curvesOf(samples), durationSeconds: samples.length / RATE })
  return { fps, gaps: poses.map(({ jaw, press }) => jaw * (1 - press)), widths: poses.map(({ wide }) => wide) }
}
