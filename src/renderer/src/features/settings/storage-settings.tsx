import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Output } from '../../../../shared/api/index.ts'
import type { BucketPreset } from '../../../../shared/model/storage.ts'
import type { EngineId } from '../../../../shared/model/engine.ts'
import { Button } from '../../components/button.tsx'
import { Icon } from '../../components/icon.tsx'
import { attempt } from '../../lib/notice.ts'
import { useSession, useStudio } from '../../lib/studio.tsx'
import { BucketForm } from './bucket-form.tsx'
import styles from './settings-dialog.module.css'

export type BucketState = Output<'storage.get'>

/** How a paid service gets to see portraits and voices, and the user's own bucket for it. */
export function StorageSettings() {
  const { t } = useTranslation()
  const { client, stores, notify } = useStudio()
  const keys = useSession((state) => state.keys)
  const agreed = useSession(({ settings }) => settings.publicUploads)
  const isConnected = useSession(({ connection }) => connection === 'connected')
  const [read, setRead] = useState<{
    readonly bucket: BucketState
    readonly presets: readonly BucketPreset[]
  } | null>(null)
  useEffect(() => {
    if (!isConnected) return
    const reading = Promise.all([client.call('storage.get', {}), client.call('storage.presets', {})])
    attempt(
      notify,
      reading.then(([state, { presets: known }]) => setRead({ bucket: state, presets: known })),
    )
  }, [client, notify, isConnected])
  if (read === null) return null
  const { bucket, presets } = read
  const hasBucket = bucket.config !== null
  const ways = [
    { way: 'bucket', words: 'window.storage.way.bucket', engine: undefined },
    ...keys.map(({ engine }) => ({ way: engine, words: `window.engine.${engine}.storage`, engine })),
    { way: 'address', words: 'window.storage.way.address', engine: undefined },
  ]
  const takeBack = (engine: EngineId) =>
    attempt(
      notify,
      client
        .call('settings.update', { change: { publicUploads: { ...agreed, [engine]: false } } })
        .then((settings) => stores.session.setState({ settings })),
    )
  return (
    <>
      <section className={styles.group}>
        <div>
          <h3>{t('window.storage.title')}</h3>
          <p className={styles.faint}>{t('window.storage.text')}</p>
        </div>
        <ul className={styles.ways}>
          {ways.map(({ way, words, engine }) => {
            const isUsed = hasBucket ? way === 'bucket' : engine !== undefined
            return (
              <li key={way} className={styles.way} data-used={isUsed}>
                <Icon name={isUsed ? 'check' : 'info'} size={14} />
                <div>
                  <p className={styles.strong}>
                    {t(`${words}.title`)}
                    {isUsed ? <span className={styles.tag}>{t('window.storage.used')}</span> : null}
                  </p>
                  <p className={styles.faint}>{t(`${words}.text`)}</p>
                  {engine !== undefined && agreed[engine] === true ? (
                    <p className={styles.faint}>
                      {t('window.storage.publicAgreed')}{' '}
                      <Button kind="quiet" onClick={() => takeBack(engine)}>
                        {t('window.storage.publicAskAgain')}
                      </Button>
                    </p>
                  ) : null}
                </div>
              </li>
            )
          })}
        </ul>
      </section>
      <BucketForm bucket={bucket} presets={presets} onChange={(next) => setRead({ bucket: next, presets })} />
    </>
  )
}
