import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { createPortal } from 'react-dom'
import { useTranslation } from 'react-i18next'
import { carriesFiles, filesOfInput, filesOfTransfer } from '../client/dropped-files.ts'
import type { DroppedFile } from '../client/dropped-files.ts'
import { Icon } from '../components/icon.tsx'
import { ProgressBar } from '../components/progress-bar.tsx'
import { attempt } from '../lib/notice.ts'
import { useStudio, useView } from '../lib/studio.tsx'
import styles from './drop-target.module.css'

type DropTargetProps = { readonly onFiles: (files: readonly DroppedFile[]) => void; readonly children: ReactNode }

/**
 * The whole window takes files, by drop and by paste. Anything else that is dropped (a link, text, a tab) is refused
 * without leaving the page.
 */
export function DropTarget({ onFiles, children }: DropTargetProps) {
  const { t } = useTranslation()
  const { client, notify } = useStudio()
  const [isOver, setOver] = useState(false)
  const upload = useView((state) => state.upload)

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
      setOver(false)
      const { dataTransfer } = event
      if (dataTransfer === null || !carriesFiles(dataTransfer)) return
      attempt(notify, filesOfTransfer(dataTransfer, !client.filesHavePaths).then(onFiles))
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
              <div className={styles.frame}>
                <Icon name="add" size={36} />
                <p className={styles.title}>{t('window.drop.title')}</p>
                <p>{t('window.drop.text')}</p>
              </div>
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
