import { useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { KeyDescription } from '../../../../shared/api/keys.ts'
import { toErrorData } from '../../../../shared/errors.ts'
import type { ErrorData } from '../../../../shared/errors.ts'
import type { EngineId } from '../../../../shared/model/engine.ts'
import { Button } from '../../components/button.tsx'
import { Icon } from '../../components/icon.tsx'
import { SecretField } from '../../components/secret-field.tsx'
import type { SecretFieldHandle } from '../../components/secret-field.tsx'
import { formatMoney } from '../../lib/format.ts'
import { useSession, useStudio } from '../../lib/studio.tsx'
import { useSentence } from '../../lib/use-sentence.ts'
import { putKey } from '../../stores/session-store.ts'
import styles from './settings-dialog.module.css'

type Work = 'set' | 'test' | 'delete'

/** The key of one engine: it goes in, is tried and kept elsewhere; here only its fingerprint is shown. */
export function KeyForm({ engine }: { readonly engine: EngineId }) {
  const { t, i18n } = useTranslation()
  const { client, stores } = useStudio()
  const sentence = useSentence()
  const id = useId()
  const key = useSession(({ keys }) => keys.find((candidate) => candidate.engine === engine))
  const field = useRef<SecretFieldHandle>(null)
  const [isReplacing, setReplacing] = useState(false)
  const [work, setWork] = useState<Work | null>(null)
  const [said, setSaid] = useState<string | null>(null)
  const [error, setError] = useState<ErrorData | null>(null)
  useEffect(() => {
    if (isReplacing) field.current?.focus()
  }, [isReplacing])
  if (key === undefined) return null
  const { state } = key
  const isAsking = state === 'missing' || isReplacing

  const run = async (kind: Work, doIt: () => Promise<KeyDescription & { readonly trimmed?: boolean }>) => {
    if (work !== null) return
    setWork(kind)
    setSaid(null)
    setError(null)
    try {
      const next = await doIt()
      putKey(stores.session, next)
      setReplacing(false)
      setSaid(
        [t(`window.secret.${kind}Done`), next.trimmed === true ? t('window.secret.trimmed') : ''].join(' ').trim(),
      )
    } catch (thrown) {
      setError(toErrorData(thrown))
    } finally {
      setWork(null)
    }
  }
  const save = () => {
    const text = field.current?.read() ?? ''
    if (text.trim() === '') field.current?.focus()
    else void run('set', () => client.call('keys.set', { engine, key: text }))
  }

  const words = error === null ? null : sentence(error)
  return (
    <div className={styles.folder}>
      <div className={styles.keyLine} data-state={state}>
        <Icon name={state === 'missing' ? 'warning' : 'check'} size={14} />
        <span>{t(`window.secret.state.${state}`)}</span>
        {key.fingerprint === undefined ? null : (
          <code className={styles.path} title={t('window.secret.fingerprint')}>
            {key.fingerprint}
          </code>
        )}
      </div>
      {key.balance === undefined ? null : (
        <p className={styles.strong}>
          {t('window.secret.balance', {
            amount: formatMoney(key.balance.amount, key.balance.currency, i18n.language),
          })}
        </p>
      )}
      {isAsking ? (
        <form
          className={styles.folder}
          onSubmit={(event) => {
            event.preventDefault()
            save()
          }}
        >
          <label htmlFor={`${id}-key`}>{t('window.secret.label')}</label>
          <div className={styles.folderRow}>
            <SecretField
              ref={field}
              id={`${id}-key`}
              placeholder={t('window.secret.paste')}
              isWrong={error !== null}
              aria-describedby={`${id}-hint`}
            />
            <Button kind="primary" disabled={work !== null} onClick={save}>
              {work === 'set' ? t('window.secret.testing') : t('window.secret.testAndSave')}
            </Button>
            {isReplacing ? (
              <Button kind="quiet" onClick={() => setReplacing(false)}>
                {t('window.cancel')}
              </Button>
            ) : null}
          </div>
          <p id={`${id}-hint`} className={styles.faint}>
            {t(`window.engine.${engine}.keyHint`)}
          </p>
        </form>
      ) : (
        <div className={styles.buttons}>
          <Button disabled={work !== null} onClick={() => void run('test', () => client.call('keys.test', { engine }))}>
            {work === 'test' ? t('window.secret.testing') : t('window.secret.test')}
          </Button>
          {state === 'environment' ? null : (
            <>
              <Button disabled={work !== null} onClick={() => setReplacing(true)}>
                {t('window.secret.replace')}
              </Button>
              <Button
                kind="danger"
                disabled={work !== null}
                onClick={() => void run('delete', () => client.call('keys.delete', { engine }))}
              >
                {t('window.secret.delete')}
              </Button>
            </>
          )}
        </div>
      )}
      {said === null ? null : (
        <p className={styles.good} role="status">
          {said}
        </p>
      )}
      {words === null ? null : (
        <p className={styles.error} role="alert">
          {words.message} {words.action}
        </p>
      )}
    </div>
  )
}
