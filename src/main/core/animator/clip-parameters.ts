import { z } from 'zod'

/** The parameters of one driven clip, as the shared list names and limits them. Those without a counterpart offline are not among them. */
export const clipParametersSchema = z.object({
  /** Side of the part that moves, in sizes of the face's box, and its shift in own sides: image right, down. */
  scale: z.number().min(1).max(4),
  vx_ratio: z.number().min(-1).max(1),
  vy_ratio: z.number().min(-1).max(1),
  /** Most pixels of that side; the head always fits. */
  dsize: z.int().min(64).max(2048),
  /** 0 is the largest face of the first picture with faces. */
  input_face_index: z.int().min(0).max(5),
  drive_face_index: z.int().min(0).max(5),
  /** True: the driver's face at its full size, its place in the picture does not count. */
  crop_drive_face: z.boolean(),
  lip_zero: z.boolean(),
  lip_zero_threshold: z.number().min(0).max(5),
  eye_retargeting: z.boolean(),
  eyes_retargeting_multiplier: z.number().min(0.01).max(10),
  lip_retargeting: z.boolean(),
  lip_retargeting_multiplier: z.number().min(0.01).max(10),
  stitching: z.boolean(),
  relative: z.boolean(),
  mismatch_method: z.enum(['cut', 'circle', 'none']),
  /** Most pictures of the driver and of the result; 0: all. */
  video_frame_load_cap: z.int().min(0),
  driving_audio: z.boolean(),
})
export type ClipParameters = z.infer<typeof clipParametersSchema>
