import { useCallback, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Output } from '../../../../shared/api/index.ts'
import type { Settings } from '../../../../shared/model/settings.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Icon } from '../../components/icon.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { Select } from '../../components/select.tsx'
import { SwitchField } from '../../components/switch-field.tsx'
import { attempt } from '../../lib/notice.ts'
import { useSession, useStudio, useView } from '../../lib/studio.tsx'
import { useSentence } from '../../lib/use-sentence.ts'
import { DefaultFolder } from './default-folder.tsx'
import { EngineSettings } from './engine-settings.tsx'
import { StorageSettings } from './storage-settings.tsx'
import styles from './settings-dialog.module.css'

export function SettingsDialog() {
  const { t } = useTranslation()
  const { stores } = useStudio()
  const isOpen = useView(({ dialog }) => dialog === 'settings')
  const part = useView(({ settingsPart }) => settingsPart)
  return (
    <Dialog
      title={t('window.settings.title')}
      closeLabel={t('window.close')}
      isAnchored
      isOpen={isOpen}
      onClose={() => stores.view.setState({ dialog: null })}
    >
      <div className={styles.tabs}>
        <Segmented
          label={t('window.settings.tabs')}
          size="wide"
          value={part}
          options={(['general', 'engines', 'storage'] as const).map((value) => ({
            value,
            label: t(`window.settings.part.${value}`),
          }))}
          onChange={(settingsPart) => stores.view.setState({ settingsPart })}
        />
      </div>
      <div className={styles.groups}>
        {part === 'general' ? (
          <>
            <Choices />
            <Parts />
            <About />
          </>
        ) : null}
        {part === 'engines' ? (
          <>
            <EngineSettings />
            <Rehearsal />
          </>
        ) : null}
        {part === 'storage' ? <StorageSettings /> : null}
      </div>
    </Dialog>
  )
}

function Choices() {
  const { t } = useTranslation()
  const { client, stores, notify } = useStudio()
  const settings = useSession((state) => state.settings)
  const canLookForUpdates = useSession(({ info }) => info?.canLookForUpdates ?? false)
  const change = (values: Partial<Settings>) =>
    attempt(
      notify,
      client.call('settings.update', { change: values }).then((next) => stores.session.setState({ settings: next })),
    )
  return (
    <section className={styles.group}>
      <div className={styles.row}>
        <span id="language-label">{t('window.settings.language')}</span>
        <Select
          label={t('window.settings.language')}
          labelledBy="language-label"
          value={settings.language}
          options={[
            { value: 'system', label: t('window.settings.system') },
            // A language is named in itself, for whoever landed in the wrong one.
            { value: 'en', label: 'English' },
            { value: 'zh', label: '简体中文' },
          ]}
          onChange={(language) => change({ language })}
        />
      </div>
      <div className={styles.row}>
        <span id="theme-label">{t('window.settings.theme')}</span>
        <Select
          label={t('window.settings.theme')}
          labelledBy="theme-label"
          value={settings.theme}
          options={[
            { value: 'system', label: t('window.settings.system') },
            { value: 'light', label: t('window.settings.light') },
            { value: 'dark', label: t('window.settings.dark') },
          ]}
          onChange={(theme) => change({ theme })}
        />
      </div>
      <DefaultFolder />
      <SwitchField
        label={t('window.settings.aiLabel')}
        hint={t('window.settings.aiLabelHint')}
        checked={settings.aiLabel}
        onChange={(aiLabel) => change({ aiLabel })}
      />
      {canLookForUpdates ? (
        <SwitchField
          label={t('window.settings.updates')}
          hint={t('window.settings.updatesHint')}
          checked={settings.lookForUpdates}
          onChange={(lookForUpdates) => change({ lookForUpdates })}
        />
      ) : null}
    </section>
  )
}

function Rehearsal() {
  const { t } = useTranslation()
  const { stores } = useStudio()
  return (
    <section className={styles.group}>
      <div className={styles.row}>
        <div>
          <h3>{t('window.rehearsal.title')}</h3>
          <p className={styles.faint}>{t('window.rehearsal.short')}</p>
        </div>
        <Button onClick={() => stores.view.setState({ dialog: 'rehearsal' })}>{t('window.rehearsal.open')}</Button>
      </div>
    </section>
  )
}

/** What the app stands on, and what of it is missing. */
function Parts() {
  const { t } = useTranslation()
  const { client, notify } = useStudio()
  const sentence = useSentence()
  const [rows, setRows] = useState<Output<'system.doctor'>['rows'] | null>(null)
  const look = useCallback(
    () =>
      attempt(
        notify,
        client.call('system.doctor', {}).then((answer) => setRows(answer.rows)),
      ),
    [client, notify],
  )
  useEffect(look, [look])
  return (
    <section className={styles.group}>
      <div className={styles.row}>
        <h3>{t('window.settings.parts')}</h3>
        <Button kind="quiet" icon="retry" onClick={look}>
          {t('window.settings.lookAgain')}
        </Button>
      </div>
      <ul className={styles.parts}>
        {(rows ?? []).map((row) => (
          <li
            key={row.part}
            className={styles.part}
            data-level={row.ok ? 'ok' : row.part === 'keychain' ? 'warning' : 'error'}
          >
            <Icon name={row.ok ? 'check' : 'warning'} size={14} />
            <span>{t(`window.part.${row.part}`)}</span>
            <span className={styles.faint}>
              {row.error === undefined
                ? [row.tool?.version, row.tool?.released].filter(Boolean).join(', ')
                : sentence(row.error).message}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function About() {
  const { t } = useTranslation()
  const { stores } = useStudio()
  const info = useSession((state) => state.info)
  if (info === null) return null
  return (
    <section className={styles.group}>
      <div className={styles.row}>
        <h3>{t('window.settings.about')}</h3>
        <Button onClick={() => stores.view.setState({ dialog: 'about' })}>{t('window.settings.moreAbout')}</Button>
      </div>
      <p className={styles.faint}>{t('window.settings.aboutText', { version: info.version })}</p>
      <p className={styles.faint}>
        {t('window.settings.dataFolder')} <bdi className={styles.path}>{info.dataFolder}</bdi>
      </p>
    </section>
  )
}
