import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { toErrorData } from '../../../../shared/errors.ts'
import type { ErrorData } from '../../../../shared/errors.ts'
import type { EngineId } from '../../../../shared/model/engine.ts'
import type { Settings } from '../../../../shared/model/settings.ts'
import { CALLS_PER_MINUTE, ENDPOINT_FIELDS } from '../../../../shared/model/settings.ts'
import { DEFAULT_PRICES } from '../../../../shared/model/spend.ts'
import type { PriceTable } from '../../../../shared/model/spend.ts'
import { Button } from '../../components/button.tsx'
import { NumberInput } from '../../components/number-input.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { TextField } from '../../components/text-field.tsx'
import { useSession, useStudio } from '../../lib/studio.tsx'
import { useSentence } from '../../lib/use-sentence.ts'
import { KeyForm } from './key-form.tsx'
import styles from './settings-dialog.module.css'

const MAX_PRICE = 1000
const MAX_CALLS = 1000
const PRICES = ['perSecond', 'perRun', 'perCheck'] as const
const MAX_CAP = 1_000_000

/** The paid engines that run here, one at a time: key, address, prices and caps. */
export function EngineSettings() {
  const { t } = useTranslation()
  const keys = useSession((state) => state.keys)
  const present = useSession(({ settings }) => settings.engine)
  const engines = keys.map(({ engine }) => engine)
  const [chosen, setChosen] = useState(present)
  const shown = engines.includes(chosen) ? chosen : engines[0]
  if (shown === undefined) return null
  return (
    <>
      {engines.length < 2 ? null : (
        <Segmented
          label={t('window.desk.engine')}
          size="wide"
          value={shown}
          options={engines.map((value) => ({ value, label: t(`window.engine.${value}.label`) }))}
          onChange={setChosen}
        />
      )}
      <PaidEngine key={shown} engine={shown} />
    </>
  )
}

function PaidEngine({ engine }: { readonly engine: EngineId }) {
  const { t } = useTranslation()
  return (
    <>
      <section className={styles.group}>
        <div>
          <h3>{t(`window.engine.${engine}.label`)}</h3>
          <p className={styles.faint}>{t(`window.engine.${engine}.about`)}</p>
        </div>
        <KeyForm engine={engine} />
      </section>
      <Money engine={engine} />
      <Endpoint engine={engine} />
    </>
  )
}

function useChange(): {
  readonly change: (values: Partial<Settings>) => Promise<void>
  readonly error: ErrorData | null
} {
  const { client, stores } = useStudio()
  const [error, setError] = useState<ErrorData | null>(null)
  const change = async (values: Partial<Settings>) => {
    try {
      stores.session.setState({ settings: await client.call('settings.update', { change: values }) })
      setError(null)
    } catch (thrown) {
      setError(toErrorData(thrown))
    }
  }
  return { change, error }
}

function Money({ engine }: { readonly engine: EngineId }) {
  const { t } = useTranslation()
  const id = useId()
  const settings = useSession((state) => state.settings)
  const sentence = useSentence()
  const { change, error } = useChange()
  const standards: Partial<Record<EngineId, PriceTable>> = DEFAULT_PRICES
  const standard = standards[engine]
  const prices = settings.prices[engine] ?? standard
  if (prices === undefined) return null
  const { currency } = prices
  const setPrices = (values: Partial<PriceTable>) =>
    void change({ prices: { ...settings.prices, [engine]: { ...prices, ...values } } })
  const setCap = (name: 'dayCaps' | 'batchCaps', value: number | null) => {
    const { [engine]: _, ...others } = settings[name]
    void change({ [name]: value === null ? others : { ...others, [engine]: value } })
  }
  return (
    <section className={styles.group}>
      <div>
        <h3>{t('window.engines.money')}</h3>
        <p className={styles.faint}>{t('window.engines.moneyText')}</p>
      </div>
      {PRICES.filter((name) => prices[name] > 0 || (standard?.[name] ?? 0) > 0).map((name) => (
        <div key={name} className={styles.row}>
          <span id={`${id}-${name}`}>{t(`window.engines.${name}`)}</span>
          <NumberInput
            labelledBy={`${id}-${name}`}
            value={prices[name]}
            min={0}
            max={MAX_PRICE}
            unit={currency}
            onCommit={(value) => setPrices({ [name]: value ?? prices[name] })}
          />
        </div>
      ))}
      <div className={styles.row}>
        <label htmlFor={`${id}-asOf`}>{t('window.engines.asOf')}</label>
        <input
          id={`${id}-asOf`}
          type="date"
          className={styles.date}
          key={prices.asOf}
          defaultValue={prices.asOf}
          onBlur={({ target }) => {
            if (target.value !== '' && target.value !== prices.asOf) setPrices({ asOf: target.value })
          }}
        />
      </div>
      {(['batchCaps', 'dayCaps'] as const).map((name) => (
        <div key={name} className={styles.row}>
          <span id={`${id}-${name}`}>{t(`window.engines.${name}`)}</span>
          <NumberInput
            labelledBy={`${id}-${name}`}
            describedBy={`${id}-caps`}
            value={settings[name][engine] ?? null}
            min={0}
            max={MAX_CAP}
            unit={currency}
            placeholder={t('window.engines.noCap')}
            onCommit={(value) => setCap(name, value)}
          />
        </div>
      ))}
      <p id={`${id}-caps`} className={styles.faint}>
        {t('window.engines.capsText')}
      </p>
      {error === null ? null : (
        <p className={styles.error} role="alert">
          {sentence(error).message}
        </p>
      )}
    </section>
  )
}

const NO_ENDPOINT = { baseUrl: '', uploadUrl: '', workspaceId: '' }

function Endpoint({ engine }: { readonly engine: EngineId }) {
  const { t } = useTranslation()
  const id = useId()
  const sentence = useSentence()
  const endpoints = useSession(({ settings }) => settings.endpoints)
  const saved = { ...NO_ENDPOINT, ...endpoints[engine] }
  const usualCalls = CALLS_PER_MINUTE[engine]
  const { change, error } = useChange()
  const [draft, setDraft] = useState<Partial<typeof NO_ENDPOINT>>({})
  const shown = { ...saved, ...draft }
  const isChanged = ENDPOINT_FIELDS[engine].some((name) => shown[name] !== saved[name])
  const save = async () => {
    const next = { ...saved, ...Object.fromEntries(ENDPOINT_FIELDS[engine].map((name) => [name, shown[name].trim()])) }
    await change({ endpoints: { ...endpoints, [engine]: next } })
    setDraft({})
  }
  const setCalls = (callsPerMinute: number) =>
    void change({ endpoints: { ...endpoints, [engine]: { ...saved, callsPerMinute } } })
  return (
    <form
      className={styles.group}
      onSubmit={(event) => {
        event.preventDefault()
        if (isChanged) void save()
      }}
    >
      <div>
        <h3>{t('window.engines.address')}</h3>
        <p className={styles.faint}>{t(`window.engine.${engine}.addressText`)}</p>
      </div>
      {ENDPOINT_FIELDS[engine].map((name) => (
        <div key={name} className={styles.folder}>
          <label htmlFor={`${id}-${name}`}>{t(`window.engines.${name}`)}</label>
          <TextField
            id={`${id}-${name}`}
            dir="ltr"
            value={shown[name]}
            placeholder={t(`window.engines.${name}Standard`)}
            onChange={(text) => setDraft((before) => ({ ...before, [name]: text }))}
          />
        </div>
      ))}
      {usualCalls === undefined ? null : (
        <div className={styles.row}>
          <span id={`${id}-calls`}>{t('window.engines.callsPerMinute')}</span>
          <NumberInput
            labelledBy={`${id}-calls`}
            value={saved.callsPerMinute ?? usualCalls}
            min={1}
            max={MAX_CALLS}
            unit={t('window.engines.calls')}
            onCommit={(value) => setCalls(value === null ? usualCalls : Math.round(value))}
          />
        </div>
      )}
      {error === null ? null : (
        <p className={styles.error} role="alert">
          {sentence(error).message} {sentence(error).action}
        </p>
      )}
      {isChanged ? (
        <div className={styles.buttons}>
          <Button kind="primary" onClick={() => void save()}>
            {t('window.engines.save')}
          </Button>
          <Button kind="quiet" onClick={() => setDraft({})}>
            {t('window.cancel')}
          </Button>
        </div>
      ) : null}
    </form>
  )
}
