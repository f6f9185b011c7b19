import { useCallback, useEffect, useRef, useState } from 'react'

/** Plays one voice at a time; the same call again stops it. */
export function useVoicePlayer(): { readonly playingUrl: string | null; readonly toggle: (url: string) => void } {
  const [playingUrl, setPlayingUrl] = useState<string | null>(null)
  const audio = useRef<HTMLAudioElement | null>(null)

  const stop = useCallback(() => {
    audio.current?.pause()
    audio.current = null
    setPlayingUrl(null)
  }, [])

  const toggle = useCallback(
    (url: string) => {
      const wasPlaying = audio.current !== null && playingUrl === url
      stop()
      if (wasPlaying) return
      const element = new Audio(url)
      audio.current = element
      setPlayingUrl(url)
      const ended = () => {
        if (audio.current === element) stop()
      }
      element.addEventListener('ended', ended)
      // A format that the browser cannot play is still a voice that the engine can use.
      element.addEventListener('error', ended)
      element.play().catch(ended)
    },
    [playingUrl, stop],
  )

  useEffect(() => stop, [stop])
  return { playingUrl, toggle }
}
