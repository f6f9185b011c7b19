import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { createPortal } from 'react-dom'
import { useTranslation } from 'react-i18next'
import type { VideoRole } from '../features/desk/desk-actions.ts'
import { carriesFiles, filesOfInput, filesOfTransfer } from '../client/dropped-files.ts'
import type { DroppedFile } from '../client/dropped-files.ts'
import { Icon } from '../components/icon.tsx'
import { ProgressBar } from '../components/progress-bar.tsx'
import { attempt } from '../lib/notice.ts'
import { useStudio, useView } from '../lib/studio.tsx'
import { useHasZones } from '../lib/use-has-zones.ts'
import styles from './drop-target.module.css'

type DropTargetProps = {
  /** `role`: the zone that it was dropped on, where the engine tells sources from driving videos. */
  readonly onFiles: (files: readonly DroppedFile[], role?: VideoRole) => void
  readonly children: ReactNode
}

/**
 * The whole window takes files, by drop and by paste. Anything else that is dropped (a link, text, a tab) is refused
 * without leaving the page.
 */
export function DropTarget({ onFiles, children }: DropTargetProps) {
  const { t } = useTranslation()
  const { client, notify } = useStudio()
  const [isOver, setOver] = useState(false)
  const upload = useView((state) => state.upload)
  const hasZones = useHasZones()

  useEffect(() => {
    // Entering a child fires before leaving its parent: only the difference tells whether the pointer is still here.
    let depth = 0
    const onEnter = (event: DragEvent) => {
      event.preventDefault()
      depth += 1
      if (carriesFiles(event.dataTransfer)) setOver(true)
    }
    const onOver = (event: DragEvent) => {
      event.preventDefault()
      if (event.dataTransfer !== null)
        event.dataTransfer.dropEffect = carriesFiles(event.dataTransfer) ? 'copy' : 'none'
    }
    const onLeave = (event: DragEvent) => {
      event.preventDefault()
      depth = Math.max(0, depth - 1)
      if (depth === 0 || event.relatedTarget === null) {
        depth = 0
        setOver(false)
      }
    }
    const onDrop = (event: DragEvent) => {
      event.preventDefault()
      depth = 0
      const role = zoneAt(event)
      setOver(false)
      const { dataTransfer } = event
      if (dataTransfer === null || !carriesFiles(dataTransfer)) return
      attempt(
        notify,
        filesOfTransfer(dataTransfer, !client.filesHavePaths).then((files) => onFiles(files, role)),
      )
    }
    const onPaste = (event: ClipboardEvent) => {
      if (!carriesFiles(event.clipboardData) || event.clipboardData === null) return
      event.preventDefault()
      onFiles(filesOfInput(event.clipboardData.files))
    }
    const listeners = { dragenter: onEnter, dragover: onOver, dragleave: onLeave, drop: onDrop }
    for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name, listener as EventListener)
    window.addEventListener('paste', onPaste)
    return () => {
      for (const [name, listener] of Object.entries(listeners))
        window.removeEventListener(name, listener as EventListener)
      window.removeEventListener('paste', onPaste)
    }
  }, [client, notify, onFiles])

  return (
    <>
      {children}
      {isOver
        ? // Above dialogs and popups, which lie outside of the page's own tree.
          createPortal(
            <div className={styles.overlay}>
              {hasZones ? (
                (['source', 'driver'] as const).map((role) => (
                  <div key={role} className={styles.frame} data-zone={role}>
                    <Icon name={role === 'source' ? 'picture' : 'film'} size={36} />
                    <p className={styles.title}>{t(`window.video.zone.${role}`)}</p>
                    <p>{t(`window.video.zoneText.${role}`)}</p>
                  </div>
                ))
              ) : (
                <div className={styles.frame}>
                  <Icon name="add" size={36} />
                  <p className={styles.title}>{t('window.drop.title')}</p>
                  <p>{t('window.drop.text')}</p>
                </div>
              )}
              {hasZones ? <p className={styles.elsewhere}>{t('window.video.dropElsewhere')}</p> : null}
            </div>,
            document.body,
          )
        : null}
      {upload === null ? null : (
        <div className={styles.upload} role="status">
          <span>{t('window.drop.uploading', { done: upload.doneFiles, total: upload.totalFiles })}</span>
          <ProgressBar
            label={t('window.drop.progress')}
            value={upload.totalFiles === 0 ? null : upload.doneFiles / upload.totalFiles}
            size="thin"
          />
        </div>
      )}
    </>
  )
}

/** The overlay lets the pointer through, so its zones are looked up by place. */
function zoneAt({ clientX, clientY }: DragEvent): VideoRole | undefined {
  for (const zone of document.querySelectorAll<HTMLElement>('[data-zone]')) {
    const { left, right, top, bottom } = zone.getBoundingClientRect()
    const isInside = clientX >= left && clientX < right && clientY >= top && clientY < bottom
    if (isInside) return zone.dataset['zone'] === 'driver' ? 'driver' : 'source'
  }
  return undefined
}
