import { motionOf, type Spoken } from '../../src/main/core/animator/motion/plan-motion.ts'
import type { PortraitParameters } from '../../src/main/core/animator/portrait-parameters.ts'
import type { FramePose } from '../../src/main/core/animator/types.ts'

/** Every frame's pose of a talking video; what is not given is as usual. */
export const plannedPoses = (given: Partial<PortraitParameters>, spoken: Spoken): FramePose[] => {
  const usual = { template_id: 'normal', video_fps: 25, eye_move_freq: 0.5, seed: 7 } as const
  const strengths = { mouth_move_strength: 1, head_move_strength: 0.7 }
  const { frameCount, poseAt } = motionOf({ ...usual, ...strengths, ...given }, spoken)
  return Array.from({ length: frameCount }, (_, frame) => poseAt(frame))
}
