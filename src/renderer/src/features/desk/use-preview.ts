import { useEffect, useState } from 'react'
import { z } from 'zod'
import { toErrorData } from '../../../../shared/errors.ts'
import type { ErrorData } from '../../../../shared/errors.ts'
import { parametersSchema } from '../../../../shared/model/engine.ts'
import type { Parameters } from '../../../../shared/model/engine.ts'
import type { StudioClient } from '../../client/studio-client.ts'
import { useStudio } from '../../lib/studio.tsx'

/** Changes that follow each other faster than this make one picture. */
const SETTLE_MS = 220

export type PreviewState = {
  readonly frame: { readonly url: string; readonly width: number; readonly height: number } | null
  readonly isBusy: boolean
  readonly error: ErrorData | null
}

/** One frame of the video as it would be. At most one is being made; the latest wish is made next. */
export function usePreview(
  source: string,
  voice: string | undefined,
  parameters: Parameters,
  timeSeconds: number,
  isWanted: boolean,
): PreviewState {
  const { client } = useStudio()
  const [state, setState] = useState<PreviewState>({ frame: null, isBusy: isWanted, error: null })
  const [maker] = useState(() => createPreviewMaker(client, setState))
  // Compared by value: callers build their parameters anew at each render.
  const key = JSON.stringify([source, voice ?? null, parameters, timeSeconds])

  useEffect(() => maker.open(), [maker])
  useEffect(() => {
    if (!isWanted) return undefined
    const timer = setTimeout(() => maker.wish(key), SETTLE_MS)
    return () => clearTimeout(timer)
  }, [maker, key, isWanted])

  return state
}

type PreviewMaker = { readonly open: () => () => void; readonly wish: (key: string) => void }

const keySchema = z.tuple([z.string(), z.string().nullable(), parametersSchema, z.number()])

function createPreviewMaker(
  client: StudioClient,
  tell: (change: (before: PreviewState) => PreviewState) => void,
): PreviewMaker {
  let isOpen = false
  let isMaking = false
  let wanted: string | null = null

  const makeAll = async (): Promise<void> => {
    if (isMaking) return
    isMaking = true
    while (wanted !== null) {
      const [source, voice, parameters, timeSeconds] = keySchema.parse(JSON.parse(wanted))
      wanted = null
      tell((before) => ({ ...before, isBusy: true }))
      const made = await client
        .call('media.preview', { source, parameters, timeSeconds, ...(voice === null ? {} : { voice }) })
        .then(
          ({ previewId, width, height }) => ({
            frame: { url: client.mediaUrl('preview', previewId), width, height },
            error: null,
          }),
          (thrown: unknown) => ({ frame: null, error: toErrorData(thrown) }),
        )
      const isBusy = wanted !== null
      if (isOpen) tell(() => ({ ...made, isBusy }))
    }
    isMaking = false
  }

  return {
    open: () => {
      isOpen = true
      return () => {
        isOpen = false
        wanted = null
      }
    },
    wish: (key) => {
      wanted = key
      void makeAll()
    },
  }
}
