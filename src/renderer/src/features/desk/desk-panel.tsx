import { useTranslation } from 'react-i18next'
import { ENGINE_PARAMETERS } from '../../../../shared/model/parameters.ts'
import { Button } from '../../components/button.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useDesk, useSession, useStudio } from '../../lib/studio.tsx'
import { resetParameters, setParameter } from '../../stores/desk-store.ts'
import { ParameterField } from './parameter-field.tsx'
import { Preview } from './preview.tsx'
import { Presets } from './presets.tsx'
import styles from './desk-panel.module.css'

/** What the video of the selected pair will look like, and everything that changes it. */
export function DeskPanel() {
  const { t } = useTranslation()
  const { stores } = useStudio()
  const engine = useSession(({ settings }) => settings.engine)
  const specs = ENGINE_PARAMETERS[engine]
  const selected = useDesk(({ pairs, selectedKey }) => pairs.find(({ key }) => key === selectedKey))
  const wantedScope = useDesk((state) => state.scope)
  const common = useDesk((state) => state.parameters)
  const own = useDesk(({ overrides, selectedKey }) => (selectedKey === null ? undefined : overrides.get(selectedKey)))
  const scope = selected === undefined ? 'all' : wantedScope
  const values = scope === 'one' ? { ...common, ...own } : common
  const canReset =
    scope === 'one'
      ? own !== undefined
      : specs.some((spec) => common[spec.key] !== undefined && common[spec.key] !== spec.default)

  return (
    <>
      {selected === undefined ? null : (
        <Preview key={selected.key} item={selected} parameters={{ ...common, ...own }} />
      )}
      <div className={styles.head}>
        <h2 className={styles.title}>{t('window.parameters.title')}</h2>
        <Presets specs={specs} values={values} engine={engine} />
        <Button kind="quiet" disabled={!canReset} onClick={() => resetParameters(stores.desk, specs)}>
          {t('window.parameters.reset')}
        </Button>
      </div>
      <div className={styles.scope}>
        <Segmented
          label={t('window.parameters.scope')}
          size="wide"
          value={scope}
          options={[
            { value: 'all', label: t('window.parameters.all') },
            { value: 'one', label: t('window.parameters.one'), disabled: selected === undefined },
          ]}
          onChange={(next) => stores.desk.setState({ scope: next })}
        />
      </div>
      {specs.length === 0 ? <p className={styles.none}>{t('window.parameters.none')}</p> : null}
      <div className={styles.fields}>
        {specs.map((spec) => (
          <ParameterField
            key={spec.key}
            spec={spec}
            value={values[spec.key] ?? spec.default}
            base={scope === 'one' ? (common[spec.key] ?? spec.default) : spec.default}
            onChange={(value) => setParameter(stores.desk, spec.key, value)}
          />
        ))}
      </div>
    </>
  )
}
