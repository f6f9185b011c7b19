import { useTranslation } from 'react-i18next'
import type { Parameters } from '../../../../shared/model/engine.ts'
import { ENGINE_PARAMETERS, specsDrivenBy } from '../../../../shared/model/parameters.ts'
import { Button } from '../../components/button.tsx'
import { Segmented } from '../../components/segmented.tsx'
import { useDesk, useSession, useStudio } from '../../lib/studio.tsx'
import type { DeskPair } from '../../stores/desk-pairs.ts'
import { resetParameters, setParameter } from '../../stores/desk-store.ts'
import type { DeskActions } from './desk-actions.ts'
import { DeskActionsContext } from './desk-context.tsx'
import { ParameterField } from './parameter-field.tsx'
import { Preview } from './preview.tsx'
import { Presets } from './presets.tsx'
import { SyncDoctor } from './sync-doctor.tsx'
import { VideoPreview } from './video-preview.tsx'
import styles from './desk-panel.module.css'

/** A pair that a video drives is shown by its clips; one that a voice drives by a frame of the video to be. */
function PairPanel({ item, parameters }: { readonly item: DeskPair; readonly parameters: Parameters }) {
  if (item.pair.driver === undefined) return <Preview item={item} parameters={parameters} />
  return (
    <>
      <VideoPreview item={item} parameters={parameters} />
      <SyncDoctor item={item} />
    </>
  )
}

/** What the video of the selected pair will look like, and everything that changes it. */
export function DeskPanel({ actions }: { readonly actions: DeskActions }) {
  const { t } = useTranslation()
  const { stores } = useStudio()
  const engine = useSession(({ settings }) => settings.engine)
  const selected = useDesk(({ pairs, selectedKey }) => pairs.find(({ key }) => key === selectedKey))
  const first = useDesk(({ pairs }) => pairs[0])
  const specs = specsDrivenBy(
    ENGINE_PARAMETERS[engine],
    (selected ?? first)?.pair.driver === undefined ? 'voice' : 'driver',
  )
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
        <DeskActionsContext value={actions}>
          <PairPanel key={selected.key} item={selected} parameters={{ ...common, ...own }} />
        </DeskActionsContext>
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
