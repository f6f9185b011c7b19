import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toErrorData } from '../../../../shared/errors.ts'
import type { ErrorData } from '../../../../shared/errors.ts'
import { Button } from '../../components/button.tsx'
import { TextField } from '../../components/text-field.tsx'
import { useSession, useStudio } from '../../lib/studio.tsx'
import { useSentence } from '../../lib/use-sentence.ts'
import styles from './settings-dialog.module.css'

/** Where results go when nothing else is said. Whether it can be written to is the core's to say. */
export function DefaultFolder() {
  const { t } = useTranslation()
  const { client, stores } = useStudio()
  const sentence = useSentence()
  const saved = useSession(({ settings }) => settings.outputFolder)
  const standard = useSession(({ info }) => info?.defaultOutputFolder ?? '')
  const canPick = useSession(({ info }) => info?.canPickFolder ?? false)
  const [draft, setDraft] = useState<string | null>(null)
  const [error, setError] = useState<ErrorData | null>(null)

  const save = async (outputFolder: string) => {
    try {
      if (outputFolder !== '') await client.call('batch.checkOutput', { outputFolder, inputs: [] })
      stores.session.setState({ settings: await client.call('settings.update', { change: { outputFolder } }) })
      setDraft(null)
      setError(null)
    } catch (thrown) {
      setError(toErrorData(thrown))
    }
  }
  const commit = () => {
    if (draft !== null && draft.trim() !== saved) void save(draft.trim())
    else setDraft(null)
  }
  const pick = async () => {
    try {
      const { path } = await client.call('system.pickFolder', {})
      if (path !== null) await save(path)
    } catch (thrown) {
      setError(toErrorData(thrown))
    }
  }
  const shown = error === null ? null : sentence(error)
  return (
    <div className={styles.folder}>
      <label htmlFor="default-folder">{t('window.settings.outputFolder')}</label>
      <div className={styles.folderRow}>
        <TextField
          id="default-folder"
          dir="ltr"
          value={draft ?? saved}
          placeholder={standard}
          isWrong={error !== null}
          onChange={setDraft}
          onBlur={commit}
          onKeyDown={(event) => {
            if (event.key === 'Enter') commit()
          }}
        />
        {canPick ? (
          <Button icon="folder" onClick={() => void pick()}>
            {t('window.desk.browse')}
          </Button>
        ) : null}
        {saved === '' ? null : (
          <Button kind="quiet" onClick={() => void save('')}>
            {t('window.settings.standard')}
          </Button>
        )}
      </div>
      {shown === null ? null : (
        <p className={styles.error} role="alert">
          {shown.message} {shown.action}
        </p>
      )}
    </div>
  )
}
