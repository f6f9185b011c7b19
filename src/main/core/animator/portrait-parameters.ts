import { z } from 'zod'

/** The parameters of one talking portrait, as the shared parameter list of the offline engine names and limits them. */
export const portraitParametersSchema = z.object({
  /** Liveliness of the head: broadcasting (calm), everyday (normal), singing (active). */
  template_id: z.enum(['normal', 'calm', 'active']),
  /** Blinks a second. */
  eye_move_freq: z.number().min(0).max(1),
  /** Frames a second. */
  video_fps: z.int().min(15).max(30),
  mouth_move_strength: z.number().min(0).max(1.5),
  /** True: the whole picture; false: an even square round the face. */
  paste_back: z.boolean(),
  head_move_strength: z.number().min(0).max(1),
  /** 0 is the largest face. */
  face_index: z.int().min(0).max(31),
  /** Same seed, same frames. */
  seed: z.int().min(0).max(4_294_967_295),
})
export type PortraitParameters = z.infer<typeof portraitParametersSchema>
