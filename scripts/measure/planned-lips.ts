import { planMotion } from '../../src/main/core/animator/motion/plan-motion.ts'
import type { MouthCurves } from '../../src/main/core/animator/types.ts'
import { mouthCurves } from '../../src/main/core/animator/voice/mouth-curves.ts'
import type { LipSeries } from './lip-figures.ts'

const RATE = 16_000

/** A voice is heard once, however often its lips are planned. */
const heard = new WeakMap<Float32Array, MouthCurves>()
const curvesOf = (samples: Float32Array): MouthCurves => {
  const curves = heard.get(samples) ?? mouthCurves(samples, RATE)
  heard.set(samples, curves)
  return curves
}

/** The lips that `planMotion` asks for, of a 16 kHz voice: the gap is what the jaw opens and pressing has not closed. */
export const plannedLips = (samples: Float32Array, fps: number): LipSeries => {
  const poses = planMotion({
    durationSeconds: samples.length / RATE,
    fps,
    template: 'normal',
    blinksPerSecond: 0.2,
    mouthStrength: 1,
    headStrength: 0.7,
    seed: 1,
    curves: curvesOf(samples),
  })
  return { fps, gaps: poses.map(({ jaw, press }) => jaw * (1 - press)), widths: poses.map(({ wide }) => wide) }
}
