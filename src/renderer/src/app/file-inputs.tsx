import { useImperativeHandle, useRef } from 'react'
import type { ChangeEvent, Ref } from 'react'
import { useTranslation } from 'react-i18next'
import type { VideoRole } from '../features/desk/desk-actions.ts'
import { filesOfInput } from '../client/dropped-files.ts'
import type { DroppedFile } from '../client/dropped-files.ts'

export type FileInputsHandle = { readonly chooseFiles: (role?: VideoRole) => void; readonly chooseFolder: () => void }

type FileInputsProps = {
  readonly ref: Ref<FileInputsHandle>
  readonly onFiles: (files: readonly DroppedFile[], role?: VideoRole) => void
}

/** The system's own file dialogs, by two real inputs behind the buttons. */
export function FileInputs({ ref, onFiles }: FileInputsProps) {
  const { t } = useTranslation()
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  /** What the button said that the files will be. */
  const role = useRef<VideoRole | undefined>(undefined)
  useImperativeHandle(ref, () => ({
    chooseFiles: (wanted) => {
      role.current = wanted
      files.current?.click()
    },
    chooseFolder: () => {
      role.current = undefined
      folder.current?.click()
    },
  }))
  const take = ({ target }: ChangeEvent<HTMLInputElement>) => {
    const chosen = target.files === null ? [] : filesOfInput(target.files)
    // The same choice again must be a change again.
    target.value = ''
    onFiles(chosen, role.current)
  }
  return (
    <div hidden>
      <input
        ref={files}
        type="file"
        multiple
        aria-label={t('window.desk.addFiles')}
        data-testid="add-files"
        onChange={take}
      />
      <input
        ref={(element) => {
          folder.current = element
          if (element !== null) element.webkitdirectory = true
        }}
        type="file"
        multiple
        aria-label={t('window.desk.addFolder')}
        data-testid="add-folder"
        onChange={take}
      />
    </div>
  )
}
