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
import type { EngineId } from '../../../../shared/model/engine.ts'
import { takesDriver, takesVoice } from '../../stores/session-store.ts'
import { addOwnPair, changePair } from '../../stores/desk-store.ts'
import styles from './file-picker.module.css'

export type FileRole = 'source' | 'voice' | 'driver'

/** What a file is in a pair, and what it lacks. */
export type FilePlace = { readonly role: FileRole; readonly wanted: FileRole }

export type PickerTask =
  | { readonly kind: 'change'; readonly key: string; readonly wanted: FileRole }
  | ({ readonly kind: 'partner'; readonly path: string } & FilePlace)

/** Chooses another source, voice or driver among the files on the desk. */
export function FilePicker({ task, onClose }: { readonly task: PickerTask | null; readonly onClose: () => void }) {
  const { t } = useTranslation()
  const engine = useSession(({ settings }) => settings.engine)
  const title =
    task === null
      ? ''
      : t(`window.video.choose.${task.wanted === 'source' && !takesDriver(engine) ? 'portrait' : task.wanted}`)
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
  const engine = useSession(({ settings }) => settings.engine)
  const [filter, setFilter] = useState('')
  const [index, setIndex] = useState(0)
  const shown = useMemo(() => {
    const wanted = filter.normalize('NFC').toLowerCase()
    return files.filter(
      ({ kind, path }) =>
        fits(engine, task.wanted, kind) && baseName(path).normalize('NFC').toLowerCase().includes(wanted),
    )
  }, [engine, files, filter, task.wanted])

  const choose = (file: DeskFile | undefined) => {
    if (file === undefined) return
    if (!apply(task, file)) notify({ kind: 'warning', key: 'alreadyPaired' })
    onClose()
  }
  const apply = (task: PickerTask, file: DeskFile): boolean => {
    const { desk } = stores
    const { pairs, plan } = desk.getState()
    if (task.kind === 'partner') {
      const isSource = task.wanted === 'source'
      const source = isSource ? file : plan.files.find(({ path }) => path === task.path)
      const driving = isSource ? { [task.role]: task.path } : { [task.wanted]: file.path }
      return source !== undefined && addOwnPair(desk, { ...driving, source: source.path, folder: source.folder })
    }
    const pair = pairs.find(({ key }) => key === task.key)?.pair
    if (pair === undefined) return false
    // A name from a manifest belongs to the pair that it was written for.
    const { outName: _, ...rest } = pair
    const next =
      task.wanted === 'source'
        ? { ...rest, source: file.path, folder: file.folder }
        : { ...rest, [task.wanted]: file.path }
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

function fits(engine: EngineId, role: FileRole, kind: DeskFile['kind']): boolean {
  if (role === 'voice') return kind === 'audio'
  if (role === 'driver') return kind === 'video'
  return kind === 'image' ? takesVoice(engine) : kind === 'video' && takesDriver(engine)
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
      <Thumbnail
        url={thumbnailUrl}
        icon={file.kind === 'audio' ? 'voice' : file.kind === 'video' ? 'film' : 'picture'}
        size="small"
      />
      <span className={styles.words}>
        <FileLabel path={file.path} />
        <span className={styles.facts}>{check === undefined ? '' : factsLine(check.facts, i18n.language)}</span>
      </span>
      <span className={styles.use}>{label}</span>
    </button>
  )
}
