import { useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { BucketVerdict } from '../../../../shared/api/storage.ts'
import { toErrorData } from '../../../../shared/errors.ts'
import type { ErrorData } from '../../../../shared/errors.ts'
import type { BucketPreset } from '../../../../shared/model/storage.ts'
import { Button } from '../../components/button.tsx'
import { SecretField } from '../../components/secret-field.tsx'
import type { SecretFieldHandle } from '../../components/secret-field.tsx'
import { Select } from '../../components/select.tsx'
import { SwitchField } from '../../components/switch-field.tsx'
import { TextField } from '../../components/text-field.tsx'
import { useStudio } from '../../lib/studio.tsx'
import { BucketVerdictLine } from './bucket-verdict-line.tsx'
import type { BucketState } from './storage-settings.tsx'
import styles from './settings-dialog.module.css'

type BucketFormProps = {
  readonly bucket: BucketState
  readonly presets: readonly BucketPreset[]
  readonly onChange: (bucket: BucketState) => void
}

type Draft = {
  readonly preset: string
  /** '' where the service's own holds. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly prefix: string
  readonly pathStyle: boolean
}

type Outcome = { readonly verdict: BucketVerdict | null; readonly error: ErrorData | null; readonly isUnsaved: boolean }
const NO_OUTCOME: Outcome = { verdict: null, error: null, isUnsaved: false }

function draftOf({ config }: BucketState, presets: readonly BucketPreset[]): Draft {
  if (config !== null) return config
  const [first] = presets
  const { id = 'custom', region = '', pathStyle = true } = first ?? {}
  return { preset: id, endpoint: '', region, bucket: '', prefix: '', pathStyle }
}

/** The user's own bucket: tested, and saved when it passed, so that nothing untested is relied upon. */
export function BucketForm({ bucket, presets, onChange }: BucketFormProps) {
  const { t } = useTranslation()
  const { client } = useStudio()
  const id = useId()
  const [draft, setDraft] = useState(() => draftOf(bucket, presets))
  const [acceptPublic, setAcceptPublic] = useState(false)
  const [work, setWork] = useState<'set' | 'test' | 'delete' | null>(null)
  const [outcome, setOutcome] = useState(NO_OUTCOME)
  // Another saved secret begins empty fields.
  const [round, setRound] = useState(0)
  const accessKey = useRef<SecretFieldHandle>(null)
  const secretKey = useRef<SecretFieldHandle>(null)
  const preset = presets.find((candidate) => candidate.id === draft.preset)
  const change = (values: Partial<Draft>) => setDraft((before) => ({ ...before, ...values }))
  const region = draft.region === '' ? '{region}' : draft.region
  const standardEndpoint = (preset?.endpoint ?? '').replaceAll('{region}', region)
  const hasSecret = bucket.secret.state !== 'missing'

  const run = async (kind: 'set' | 'test' | 'delete', doIt: () => Promise<BucketVerdict | null>) => {
    if (work !== null) return
    setWork(kind)
    setOutcome(NO_OUTCOME)
    const isSave = kind === 'set'
    try {
      const verdict = await doIt()
      setOutcome({ verdict, error: null, isUnsaved: isSave && verdict?.ok === false })
    } catch (thrown) {
      setOutcome({ verdict: null, error: toErrorData(thrown), isUnsaved: isSave })
    } finally {
      setWork(null)
    }
  }
  const take = ({ verdict, ...state }: BucketState & { readonly verdict: BucketVerdict }): BucketVerdict => {
    onChange(state)
    // What did not pass was not saved, and stays to be corrected.
    if (state.config !== null && verdict.ok) setDraft(state.config)
    return verdict
  }
  const save = () =>
    void run('set', async () => {
      const accessKeyId = accessKey.current?.read() ?? ''
      const secretAccessKey = secretKey.current?.read() ?? ''
      const isNew = accessKeyId !== '' || secretAccessKey !== ''
      const { endpoint, region, ...rest } = draft
      const answer = await client.call('storage.set', {
        ...rest,
        ...(endpoint.trim() === '' ? {} : { endpoint }),
        ...(region.trim() === '' ? {} : { region }),
        ...(isNew ? { accessKeyId, secretAccessKey } : {}),
        acceptPublic,
      })
      if (answer.verdict.ok) setRound((before) => before + 1)
      return take(answer)
    })
  const remove = () =>
    void run('delete', async () => {
      const state = await client.call('storage.delete', {})
      onChange(state)
      setDraft(draftOf(state, presets))
      setRound((before) => before + 1)
      return null
    })

  return (
    <form
      className={styles.group}
      onSubmit={(event) => {
        event.preventDefault()
        save()
      }}
    >
      <h3>{t('window.storage.own')}</h3>
      <div className={styles.row}>
        <span id={`${id}-preset`}>{t('window.storage.preset')}</span>
        <Select
          label={t('window.storage.preset')}
          labelledBy={`${id}-preset`}
          value={draft.preset}
          options={presets.map((option) => ({
            value: option.id,
            label: option.id === 'custom' ? t('window.storage.custom') : option.name,
          }))}
          onChange={(next) => {
            const chosen = presets.find((candidate) => candidate.id === next)
            if (chosen !== undefined)
              change({ preset: next, endpoint: '', region: chosen.region, pathStyle: chosen.pathStyle })
          }}
        />
      </div>
      <div className={styles.pair}>
        {(['bucket', 'region', 'prefix'] as const).map((name) => (
          <div key={name} className={styles.folder}>
            <label htmlFor={`${id}-${name}`}>{t(`window.storage.${name}`)}</label>
            <TextField
              id={`${id}-${name}`}
              dir="ltr"
              value={draft[name]}
              placeholder={t(`window.storage.${name}Hint`)}
              list={name === 'region' ? `${id}-regions` : undefined}
              onChange={(text) => change({ [name]: text })}
            />
          </div>
        ))}
        <datalist id={`${id}-regions`}>
          {(preset?.regions ?? []).map((region) => (
            <option key={region} value={region} />
          ))}
        </datalist>
        <div className={styles.folder}>
          <label htmlFor={`${id}-endpoint`}>{t('window.storage.endpoint')}</label>
          <TextField
            id={`${id}-endpoint`}
            dir="ltr"
            value={draft.endpoint}
            placeholder={standardEndpoint === '' ? 'https://s3.example.com' : standardEndpoint}
            onChange={(endpoint) => change({ endpoint })}
          />
        </div>
      </div>
      <SwitchField
        label={t('window.storage.pathStyle')}
        hint={t('window.storage.pathStyleHint')}
        checked={draft.pathStyle}
        onChange={(pathStyle) => change({ pathStyle })}
      />
      <div className={styles.pair} key={round}>
        <div className={styles.folder}>
          <label htmlFor={`${id}-access`}>{t('window.storage.accessKey')}</label>
          <SecretField ref={accessKey} id={`${id}-access`} placeholder={hasSecret ? t('window.storage.kept') : ''} />
        </div>
        <div className={styles.folder}>
          <label htmlFor={`${id}-secret`}>{t('window.storage.secretKey')}</label>
          <SecretField ref={secretKey} id={`${id}-secret`} placeholder={hasSecret ? t('window.storage.kept') : ''} />
        </div>
      </div>
      {bucket.secret.fingerprint === undefined ? null : (
        <p className={styles.faint}>
          {t(`window.secret.state.${bucket.secret.state}`)} <code>{bucket.secret.fingerprint}</code>
        </p>
      )}
      {bucket.blocked || acceptPublic || outcome.verdict?.error?.code === 'E-CONFIG-INSECURE' ? (
        <SwitchField
          label={t('window.storage.acceptPublic')}
          hint={t('window.storage.acceptPublicHint')}
          checked={acceptPublic}
          onChange={setAcceptPublic}
        />
      ) : null}
      <div className={styles.buttons}>
        <Button kind="primary" disabled={work !== null} onClick={save}>
          {work === 'set' ? t('window.secret.testing') : t('window.storage.save')}
        </Button>
        {bucket.config === null ? null : (
          <>
            <Button
              disabled={work !== null}
              onClick={() => void run('test', async () => take(await client.call('storage.test', {})))}
            >
              {work === 'test' ? t('window.secret.testing') : t('window.secret.test')}
            </Button>
            <Button kind="danger" disabled={work !== null} onClick={remove}>
              {t('window.storage.remove')}
            </Button>
          </>
        )}
      </div>
      <BucketVerdictLine {...outcome} />
    </form>
  )
}
