import type { Parameters } from '../../../../shared/model/engine.ts'
import type { Finding } from '../../../../shared/model/media.ts'
import { ENGINE_PARAMETERS, parseParameters } from '../../../../shared/model/parameters.ts'
import type { Animator } from '../../animator/animator.ts'
import { clipParametersSchema, type ClipParameters } from '../../animator/clip-parameters.ts'
import type { LocalContext, LocalEngine, LocalRequest } from '../engine.ts'

type ClipRequest = LocalRequest & { readonly inputs: { readonly driver: string } }
type Tools = { readonly animator: Animator; readonly ffprobePath: string }

export const isClipRequest = (request: LocalRequest): request is ClipRequest => request.inputs.driver !== undefined

function clipParameters(parameters: Parameters): ClipParameters {
  return clipParametersSchema.parse(parseParameters(ENGINE_PARAMETERS.offline, parameters))
}

const note = (file: string, reason: string, value: string | number, more: Finding['params'] = {}): Finding => ({
  code: 'W-NOTE',
  level: 'note',
  params: { file, value, reason, ...more },
  value,
})

/** Every parameter that was set and changes nothing offline, by name and value. */
export function withoutEffect(parameters: Parameters): readonly (readonly [name: string, value: string])[] {
  const set = (name: string): string => String(parameters[name])
  const isOff = (name: string): boolean => parameters[name] === false
  const isChanged = (name: string): boolean =>
    parameters[name] !== ENGINE_PARAMETERS.offline.find(({ key }) => key === name)?.default
  return [
    ...(parameters['base64'] === true ? [['base64', set('base64')] as const] : []),
    ...(parameters['mismatch_method'] === 'none' ? [['mismatch_method', 'none'] as const] : []),
    ...(['eye', 'lip'] as const).flatMap((part) => {
      const name = part === 'eye' ? 'eyes_retargeting_multiplier' : 'lip_retargeting_multiplier'
      return isOff(`${part}_retargeting`) && isChanged(name) ? [[name, set(name)] as const] : []
    }),
  ]
}

/** Looks for the wanted faces in the first pictures of both clips. */
export async function checkClip(
  { inputs, parameters }: ClipRequest,
  { animator, ffprobePath }: Tools,
  { signal }: LocalContext,
): Promise<Finding[]> {
  const { input_face_index, drive_face_index } = clipParameters(parameters)
  const findings: Finding[] = [note(inputs.sourceName, 'experimental', 'offline')]
  for (const [name, value] of withoutEffect(parameters)) {
    findings.push(note(inputs.sourceName, 'no-effect', value, { name }))
  }
  const files = [
    { path: inputs.source, file: inputs.sourceName, index: input_face_index },
    { path: inputs.driver, file: inputs.driverName ?? inputs.driver, index: drive_face_index },
  ]
  for (const { path, file, index } of files) {
    const { faces, firstFrame } = await animator.lookAtClip(path, ffprobePath, signal)
    if (faces === 0) return [{ code: 'E-INPUT-NO-FACE', level: 'error', params: { file } }]
    if (index >= faces) {
      const params = { file, value: index, limit: faces }
      return [{ code: 'E-INPUT-FACE-INDEX', level: 'error', params, value: index, limit: faces }]
    }
    if (faces > 1) {
      findings.push({ code: 'W-FACES', level: 'warning', params: { file, value: faces, limit: index }, value: faces })
    }
    if (firstFrame > 0) findings.push(note(file, 'late-face', firstFrame))
  }
  return findings
}

/** Makes the video; tells how many pictures went through without a face. */
export async function renderClip(
  { inputs, parameters, outputPath, aiLabel }: ClipRequest & { readonly outputPath: string; readonly aiLabel: boolean },
  { animator, ffprobePath }: Tools,
  { signal, report }: LocalContext,
): ReturnType<LocalEngine['render']> {
  let reported = 0
  const made = await animator.renderClip(
    {
      sourcePath: inputs.source,
      driverPath: inputs.driver,
      outputPath,
      ffprobePath,
      parameters: clipParameters(parameters),
      aiTag: aiLabel,
    },
    {
      ...(signal === undefined ? {} : { signal }),
      onProgress: ({ framesDone, frameCount }) => {
        reported = Math.max(reported, framesDone / Math.max(1, frameCount))
        report?.(Math.min(1, reported))
      },
    },
  )
  const { durationSeconds, hasSound, framesWithoutFace, driverFramesWithoutFace } = made
  const findings: Finding[] = []
  if (framesWithoutFace > 0) findings.push(note(inputs.sourceName, 'without-face', framesWithoutFace))
  if (driverFramesWithoutFace > 0) {
    findings.push(note(inputs.driverName ?? inputs.driver, 'driver-without-face', driverFramesWithoutFace))
  }
  return { durationSeconds, hasSound, findings }
}
