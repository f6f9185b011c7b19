import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EngineId, Parameters, ParameterSpec } from '../../../../shared/model/engine.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { TextField } from '../../components/text-field.tsx'
import { attempt } from '../../lib/notice.ts'
import { useSession, useStudio } from '../../lib/studio.tsx'
import { applyParameters } from '../../stores/desk-store.ts'
import styles from './presets.module.css'

const MAX_NAME = 80

type PresetsProps = { readonly engine: EngineId; readonly specs: readonly ParameterSpec[]; readonly values: Parameters }

/** Parameters saved under a name. */
export function Presets({ engine, specs, values }: PresetsProps) {
  const { t } = useTranslation()
  const { client, stores, notify } = useStudio()
  const [isOpen, setOpen] = useState(false)
  const [name, setName] = useState('')
  const presets = useSession((state) => state.presets).filter((preset) => preset.engine === engine)

  const reload = async () => {
    const { presets } = await client.call('presets.list', {})
    stores.session.setState({ presets })
  }
  const save = async () => {
    const wanted = name.trim()
    if (wanted === '') return
    const known = Object.fromEntries(specs.map((spec) => [spec.key, values[spec.key] ?? spec.default]))
    await client.call('presets.save', { name: wanted, engine, parameters: known })
    setName('')
    await reload()
    notify({ kind: 'info', key: 'presetSaved', values: { name: wanted } })
  }
  const remove = async (presetId: string) => {
    await client.call('presets.remove', { presetId })
    await reload()
  }

  return (
    <>
      <Button kind="quiet" onClick={() => setOpen(true)}>
        {t('window.presets.title')}
      </Button>
      <Dialog
        title={t('window.presets.title')}
        closeLabel={t('window.close')}
        isOpen={isOpen}
        onClose={() => setOpen(false)}
      >
        {presets.length === 0 ? <p className={styles.none}>{t('window.presets.none')}</p> : null}
        <ul className={styles.list}>
          {presets.map((preset) => (
            <li key={preset.presetId} className={styles.row}>
              <bdi className={styles.name}>{preset.name}</bdi>
              <Button
                onClick={() => {
                  applyParameters(stores.desk, specs, preset.parameters)
                  setOpen(false)
                }}
              >
                {t('window.presets.apply')}
              </Button>
              <IconButton
                icon="trash"
                label={t('window.presets.remove', { name: preset.name })}
                onClick={() => attempt(notify, remove(preset.presetId))}
              />
            </li>
          ))}
        </ul>
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault()
            attempt(notify, save())
          }}
        >
          <TextField
            value={name}
            maxLength={MAX_NAME}
            placeholder={t('window.presets.name')}
            aria-label={t('window.presets.name')}
            onChange={setName}
          />
          <Button kind="primary" disabled={name.trim() === ''} onClick={() => attempt(notify, save())}>
            {presets.some((preset) => preset.name === name.trim())
              ? t('window.presets.replace')
              : t('window.presets.save')}
          </Button>
        </form>
      </Dialog>
    </>
  )
}
