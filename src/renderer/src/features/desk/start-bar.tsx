import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Popover } from '@base-ui/react/popover'
import { toErrorData } from '../../../../shared/errors.ts'
import type { ErrorData } from '../../../../shared/errors.ts'
import type { SpendQuote } from '../../../../shared/model/spend.ts'
import { ENGINE_IDS } from '../../../../shared/model/engine.ts'
import { Button } from '../../components/button.tsx'
import buttons from '../../components/button.module.css'
import { Select } from '../../components/select.tsx'
import { SwitchField } from '../../components/switch-field.tsx'
import { TextField } from '../../components/text-field.tsx'
import { attempt } from '../../lib/notice.ts'
import { useDesk, useMedia, useSession, useStudio } from '../../lib/studio.tsx'
import { useSentence } from '../../lib/use-sentence.ts'
import { formatMoney } from '../../lib/format.ts'
import { lacksKey, outputFolderOf } from '../../stores/session-store.ts'
import { startable } from './desk-actions.ts'
import { useDeskActions } from './desk-context.tsx'
import { PriceDialog } from './price-dialog.tsx'
import { useQuote } from './use-quote.ts'
import styles from './start-bar.module.css'

/** Engine, folder and the one button that starts. */
export function StartBar() {
  const { t } = useTranslation()
  const { stores, notify } = useStudio()
  const actions = useDeskActions()
  const engine = useSession(({ settings }) => settings.engine)
  const offered = useSession(({ info }) => info?.engines)
  const recursive = useSession(({ settings }) => settings.recursive)
  const pairs = useDesk((state) => state.pairs)
  const isStarting = useDesk((state) => state.isStarting)
  const isPlanning = useDesk((state) => state.isPlanning)
  const media = useMedia((state) => state)
  const ready = useMemo(() => startable(media, engine, pairs).length, [media, engine, pairs])
  const [again, setAgain] = useState(false)
  const left = pairs.length - ready
  const hasNoKey = useSession((state) => lacksKey(state, engine))
  const keys = useSession((state) => state.keys)
  const quote = useQuote(again)
  const openEngines = () => stores.view.setState({ dialog: 'settings', settingsPart: 'engines' })

  return (
    <footer className={styles.bar}>
      <div className={styles.field}>
        <span id="engine-label" className={styles.label}>
          {t('window.desk.engine')}
        </span>
        <Select
          label={t('window.desk.engine')}
          labelledBy="engine-label"
          value={engine}
          options={ENGINE_IDS.map((value) => {
            const isOffered = offered?.includes(value) ?? value === engine
            return {
              value,
              label: t(`window.engine.${value}.label`),
              note: !isOffered
                ? t('window.engine.notYet')
                : keys.some((key) => key.engine === value && key.state === 'missing')
                  ? `${t(`window.engine.${value}.note`)} ${t('window.engine.noKey')}`
                  : t(`window.engine.${value}.note`),
              disabled: !isOffered,
            }
          })}
          onChange={(next) => attempt(notify, actions.setEngine(next))}
        />
      </div>
      <OutputFolder />
      <Popover.Root>
        <Popover.Trigger className={`${buttons.button ?? ''} ${buttons.quiet ?? ''}`}>
          {t('window.desk.options')}
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Positioner className={styles.positioner} sideOffset={6} align="end">
            <Popover.Popup className={styles.popup} aria-label={t('window.desk.options')}>
              <SwitchField
                label={t('window.desk.recursive')}
                hint={t('window.desk.recursiveHint')}
                checked={recursive}
                onChange={(next) => attempt(notify, actions.setRecursive(next))}
              />
              <SwitchField
                label={t('window.desk.again')}
                hint={t('window.desk.againHint')}
                checked={again}
                onChange={setAgain}
              />
            </Popover.Popup>
          </Popover.Positioner>
        </Popover.Portal>
      </Popover.Root>
      <div className={styles.start}>
        {hasNoKey ? (
          <>
            <span className={styles.left}>{t('window.desk.noKey')}</span>
            <Button onClick={openEngines}>{t('window.desk.addKey')}</Button>
          </>
        ) : null}
        {left === 0 ? null : <span className={styles.left}>{t('window.desk.leftOut', { count: left })}</span>}
        <Button
          kind="primary"
          size="large"
          icon="play"
          disabled={ready === 0 || isStarting || isPlanning || hasNoKey}
          onClick={() => attempt(notify, actions.start(again))}
        >
          <StartLabel ready={ready} quote={quote} />
        </Button>
      </div>
      <PriceDialog />
    </footer>
  )
}

function StartLabel({ ready, quote }: { readonly ready: number; readonly quote: SpendQuote | null }) {
  const { t, i18n } = useTranslation()
  const start = t('window.desk.start', { count: ready })
  if (quote === null || quote.price === null) return start
  const amount = formatMoney(quote.price.high, quote.price.currency, i18n.language)
  return `${start} · ${quote.jobs === 0 ? t('window.desk.free') : t('window.desk.about', { amount })}`
}

function OutputFolder() {
  const { t } = useTranslation()
  const { notify } = useStudio()
  const actions = useDeskActions()
  const sentence = useSentence()
  const present = useSession(outputFolderOf)
  const canPick = useSession(({ info }) => info?.canPickFolder ?? false)
  const [draft, setDraft] = useState<string | null>(null)
  const [error, setError] = useState<ErrorData | null>(null)

  const commit = async () => {
    if (draft === null) return
    try {
      if (draft.trim() === present) actions.keepOutputFolder()
      else await actions.setOutputFolder(draft.trim())
      setDraft(null)
      setError(null)
    } catch (thrown) {
      setError(toErrorData(thrown))
    }
  }

  const shown = error === null ? null : sentence(error)
  return (
    <div className={`${styles.field} ${styles.folder}`}>
      <label htmlFor="output-folder" className={styles.label}>
        {t('window.desk.outputFolder')}
      </label>
      <div className={styles.folderRow}>
        <TextField
          id="output-folder"
          dir="ltr"
          value={draft ?? present}
          isWrong={error !== null}
          aria-describedby={error === null ? undefined : 'output-folder-error'}
          onChange={setDraft}
          onBlur={() => void commit()}
          onKeyDown={(event) => {
            if (event.key === 'Enter') void commit()
            if (event.key !== 'Escape') return
            actions.keepOutputFolder()
            setDraft(null)
            setError(null)
          }}
        />
        {canPick ? (
          <Button
            icon="folder"
            onClick={() => {
              setDraft(null)
              setError(null)
              attempt(notify, actions.pickOutputFolder())
            }}
          >
            {t('window.desk.browse')}
          </Button>
        ) : null}
      </div>
      {shown === null ? null : (
        <p id="output-folder-error" className={styles.error} role="alert">
          {shown.message} {shown.action}
        </p>
      )}
    </div>
  )
}
