import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toErrorData } from '../../../../shared/errors.ts'
import type { ErrorData } from '../../../../shared/errors.ts'
import { showName } from '../../../../shared/lib/error-sentence.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { useStudio, useView } from '../../lib/studio.tsx'
import { useSentence } from '../../lib/use-sentence.ts'
import { useDeskActions } from './desk-context.tsx'
import styles from './address-dialog.module.css'

/** What follows the question mark may be somebody's secret. */
const withoutQuery = (url: string): string => url.split(/[?#]/, 1)[0] ?? ''

type Refused = { readonly url: string; readonly error: ErrorData }

/** Portraits and voices that lie at a public address: looked at here, and handed to a paid service as that address. */
export function AddressDialog() {
  const { t } = useTranslation()
  const { stores } = useStudio()
  const isOpen = useView(({ dialog }) => dialog === 'addresses')
  const onClose = () => stores.view.setState({ dialog: null })
  return (
    <Dialog title={t('window.address.title')} closeLabel={t('window.close')} isOpen={isOpen} onClose={onClose}>
      <Addresses onClose={onClose} />
    </Dialog>
  )
}

function Addresses({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation()
  const { client } = useStudio()
  const actions = useDeskActions()
  const sentence = useSentence()
  const id = useId()
  const [text, setText] = useState('')
  const [isBusy, setBusy] = useState(false)
  const [refused, setRefused] = useState<readonly Refused[]>([])
  const urls = [...new Set(text.split(/\s+/).filter((line) => line !== ''))]

  const add = async () => {
    setBusy(true)
    const paths: string[] = []
    const failed: Refused[] = []
    for (const url of urls) {
      try {
        paths.push((await client.call('media.fetch', { url })).path)
      } catch (thrown) {
        failed.push({ url, error: toErrorData(thrown) })
      }
    }
    try {
      await actions.addPaths(paths)
    } catch (thrown) {
      failed.push({ url: '', error: toErrorData(thrown) })
    }
    setBusy(false)
    setRefused(failed)
    // What was refused stays to be corrected.
    setText(failed.map(({ url }) => url).join('\n'))
    if (failed.length === 0) onClose()
  }
  return (
    <div className={styles.body}>
      <label htmlFor={`${id}-urls`}>{t('window.address.label')}</label>
      <textarea
        id={`${id}-urls`}
        dir="ltr"
        rows={4}
        spellCheck={false}
        className={styles.field}
        value={text}
        placeholder="https://example.com/anna.jpg"
        aria-describedby={`${id}-hint`}
        onChange={({ target }) => setText(target.value)}
      />
      <p id={`${id}-hint`} className={styles.hint}>
        {t('window.address.hint')}
      </p>
      {refused.map(({ url, error }) => (
        <p key={url} className={styles.error} role="alert">
          {url === '' ? '' : `${showName(withoutQuery(url))}: `}
          {sentence(error).message} {sentence(error).action}
        </p>
      ))}
      <div className={styles.buttons}>
        <Button onClick={onClose}>{t('window.cancel')}</Button>
        <Button kind="primary" icon="add" disabled={isBusy || urls.length === 0} onClick={() => void add()}>
          {isBusy ? t('window.address.fetching') : t('window.address.add')}
        </Button>
      </div>
    </div>
  )
}
