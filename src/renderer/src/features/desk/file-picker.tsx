import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Dialog } from '../../components/dialog.tsx'
import { TextField } from '../../components/text-field.tsx'
import { Thumbnail } from '../../components/thumbnail.tsx'
import { VirtualList } from '../../components/virtual-list.tsx'
import { baseName } from '../../lib/display-name.ts'
import { FileLabel } from '../../lib/file-label.tsx'
import { useCheck, factsLine, useThumbnailUrl } from '../../lib/use-file-facts.ts'
import { useDesk, useSession, useStudio } from '../../lib/studio.tsx'
import type { DeskFile } from '../../stores/desk-pairs.ts'
import { addOwnPair, changePair } from '../../stores/desk-store.ts'
import styles from './file-picker.module.css'

export type PickerTask =
  | { readonly kind: 'change'; readonly key: string; readonly wanted: 'image' | 'audio' }
  | { readonly kind: 'partner'; readonly path: string; readonly wanted: 'image' | 'audio' }

/** Chooses another portrait or voice among the files on the desk. */
export function FilePicker({ task, onClose }: { readonly task: PickerTask | null; readonly onClose: () => void }) {
  const { t } = useTranslation()
  const title = task?.wanted === 'image' ? t('window.desk.chooseSource') : t('window.desk.chooseVoice')
  return (
    <Dialog
      title={title}
      closeLabel={t('window.close')}
      isOpen={task !== null}
      onClose={onClose}
      finalFocus={selectedRow}
    >
      {task === null ? null : <Choices task={task} onClose={onClose} />}
    </Dialog>
  )
}

/** The menu that opened the dialog has closed itself. */
function selectedRow(): HTMLElement | null {
  return document.querySelector('[role="row"][aria-selected="true"]')
}

function Choices({ task, onClose }: { readonly task: PickerTask; readonly onClose: () => void }) {
  const { t } = useTranslation()
  const { stores, notify } = useStudio()
  const files = useDesk((state) => state.plan.files)
  const [filter, setFilter] = useState('')
  const [index, setIndex] = useState(0)
  const shown = useMemo(() => {
    const wanted = filter.normalize('NFC').toLowerCase()
    return files.filter(
      ({ kind, path }) => kind === task.wanted && baseName(path).normalize('NFC').toLowerCase().includes(wanted),
    )
  }, [files, filter, task.wanted])

  const choose = (file: DeskFile | undefined) => {
    if (file === undefined) return
    if (!apply(task, file)) notify({ kind: 'warning', key: 'alreadyPaired' })
    onClose()
  }
  const apply = (task: PickerTask, file: DeskFile): boolean => {
    const { desk } = stores
    const { pairs, plan } = desk.getState()
    if (task.kind === 'partner') {
      const portrait = task.wanted === 'image' ? file : plan.files.find(({ path }) => path === task.path)
      const voice = task.wanted === 'image' ? task.path : file.path
      return portrait !== undefined && addOwnPair(desk, { source: portrait.path, voice, folder: portrait.folder })
    }
    const pair = pairs.find(({ key }) => key === task.key)?.pair
    if (pair === undefined) return false
    // A name from a manifest belongs to the pair that it was written for.
    const { outName: _, ...rest } = pair
    const next =
      task.wanted === 'image' ? { ...rest, source: file.path, folder: file.folder } : { ...rest, voice: file.path }
    return changePair(desk, task.key, next)
  }

  return (
    <>
      <TextField
        value={filter}
        onChange={setFilter}
        placeholder={t('window.desk.filterFiles')}
        aria-label={t('window.desk.filterFiles')}
        onKeyDown={(event) => {
          if (event.key === 'Enter') choose(shown[0])
        }}
      />
      <div className={styles.list}>
        {shown.length === 0 ? (
          <p className={styles.none}>{t('window.desk.noFiles')}</p>
        ) : (
          <VirtualList
            label={t('window.desk.files')}
            count={shown.length}
            rowPx={52}
            selectedIndex={index}
            onSelect={setIndex}
            renderRow={(row) => {
              const file = shown[row]
              return file === undefined ? null : (
                <Choice file={file} label={t('window.desk.use')} onChoose={() => choose(file)} />
              )
            }}
          />
        )}
      </div>
    </>
  )
}

function Choice({
  file,
  label,
  onChoose,
}: {
  readonly file: DeskFile
  readonly label: string
  readonly onChoose: () => void
}) {
  const { i18n } = useTranslation()
  const engine = useSession(({ settings }) => settings.engine)
  const check = useCheck(engine, file.path)
  const thumbnailUrl = useThumbnailUrl(check)
  return (
    <button type="button" className={styles.choice} onClick={onChoose}>
      <Thumbnail url={thumbnailUrl} icon={file.kind === 'audio' ? 'voice' : 'picture'} size="small" />
      <span className={styles.words}>
        <FileLabel path={file.path} />
        <span className={styles.facts}>{check === undefined ? '' : factsLine(check.facts, i18n.language)}</span>
      </span>
      <span className={styles.use}>{label}</span>
    </button>
  )
}
