import { useCallback, useMemo, useState } from 'react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { LeftOver } from '../../../../shared/model/batch.ts'
import { VirtualList } from '../../components/virtual-list.tsx'
import { Findings } from '../../lib/findings.tsx'
import { attempt } from '../../lib/notice.ts'
import { useDesk, useSession, useStudio } from '../../lib/studio.tsx'
import { useHasZones } from '../../lib/use-has-zones.ts'
import { dismissFile } from '../../stores/desk-store.ts'
import { takesDriver, takesVoice } from '../../stores/session-store.ts'
import { isBelow } from '../../stores/desk-pairs.ts'
import type { DeskFile, DeskPair } from '../../stores/desk-pairs.ts'
import { AddressDialog } from './address-dialog.tsx'
import { DeskActionsContext, useDeskActions } from './desk-context.tsx'
import type { DeskActions, VideoRole } from './desk-actions.ts'
import { DeskToolbar } from './desk-toolbar.tsx'
import { FilePicker } from './file-picker.tsx'
import type { FilePlace, PickerTask } from './file-picker.tsx'
import { LeftOverRow } from './left-over-row.tsx'
import { PairRow } from './pair-row.tsx'
import type { PairVerb } from './pair-row.tsx'
import { RoleDialog } from './role-dialog.tsx'
import { StartBar } from './start-bar.tsx'
import { useVoicePlayer } from './voice-player.ts'
import { useRemovePair } from './use-remove-pair.ts'
import { VideoZones } from './video-zones.tsx'
import styles from './desk.module.css'

type DeskProps = {
  readonly actions: DeskActions
  readonly onAddFiles: (role?: VideoRole) => void
  readonly onAddFolder: () => void
  /** Shown while nothing lies on the desk. */
  readonly welcome: ReactNode
}

type Row =
  | { readonly kind: 'pair'; readonly item: DeskPair }
  | { readonly kind: 'heading'; readonly count: number }
  | { readonly kind: 'left'; readonly item: LeftOver }

/** Where portraits and voices become pairs. */
export function Desk({ actions, onAddFiles, onAddFolder, welcome }: DeskProps) {
  const hasZones = useHasZones()
  const isEmpty = useDesk(({ inputs, pairs, leftOver }) => inputs.length + pairs.length + leftOver.length === 0)
  return (
    <DeskActionsContext value={actions}>
      <section className={styles.desk}>
        {isEmpty ? (
          hasZones ? (
            <VideoZones onAdd={onAddFiles} />
          ) : (
            welcome
          )
        ) : (
          <>
            <DeskToolbar onAddFiles={() => onAddFiles()} onAddFolder={onAddFolder} />
            {hasZones ? <VideoZones onAdd={onAddFiles} /> : null}
            <PlanFindings />
            <DeskList />
          </>
        )}
        {isEmpty && !hasZones ? null : <StartBar />}
        <AddressDialog />
        <RoleDialog />
      </section>
    </DeskActionsContext>
  )
}

function PlanFindings() {
  const findings = useDesk((state) => state.findings)
  if (findings.length === 0) return null
  return (
    <div className={styles.findings} role="alert">
      <Findings findings={findings} />
    </div>
  )
}

function DeskList() {
  const { t } = useTranslation()
  const { stores, notify } = useStudio()
  const actions = useDeskActions()
  const engine = useSession(({ settings }) => settings.engine)
  const drivers = useDesk((state) => state.drivers)
  const pairs = useDesk((state) => state.pairs)
  const leftOver = useDesk((state) => state.leftOver)
  const files = useDesk((state) => state.plan.files)
  const selectedKey = useDesk((state) => state.selectedKey)
  const [task, setTask] = useState<PickerTask | null>(null)
  const { playingUrl, toggle } = useVoicePlayer()
  const removePair = useRemovePair()

  const rows = useMemo<Row[]>(
    () => [
      ...pairs.map((item) => ({ kind: 'pair' as const, item })),
      ...(leftOver.length === 0 ? [] : [{ kind: 'heading' as const, count: leftOver.length }]),
      ...leftOver.map((item) => ({ kind: 'left' as const, item })),
    ],
    [pairs, leftOver],
  )
  const kinds = useMemo(() => new Map(files.map(({ path, kind }) => [path, kind])), [files])
  const onVerb = useCallback(
    (verb: PairVerb, key: string) => {
      if (verb === 'remove') removePair(key)
      else if (verb === 'own') stores.desk.setState({ selectedKey: key, scope: 'one' })
      else setTask({ kind: 'change', key, wanted: verb })
    },
    [removePair, stores],
  )

  /** What a file without a partner would be in a pair, and what it lacks; null: this engine makes no use of it. */
  const placeOf = (path: string, kind: DeskFile['kind'] | undefined): FilePlace | null => {
    if (kind === undefined || (kind === 'video' ? !takesDriver(engine) : !takesVoice(engine))) return null
    if (kind === 'audio') return { role: 'voice', wanted: 'source' }
    if (kind === 'image') return { role: 'source', wanted: drivers.length > 0 ? 'driver' : 'voice' }
    const isDriver = drivers.some((root) => isBelow(path, root))
    return isDriver ? { role: 'driver', wanted: 'source' } : { role: 'source', wanted: 'driver' }
  }

  const renderRow = (index: number) => {
    const row = rows[index]
    if (row === undefined) return null
    if (row.kind === 'heading')
      return <h2 className={styles.heading}>{t('window.desk.leftOver', { count: row.count })}</h2>
    if (row.kind === 'left') {
      const kind = kinds.get(row.item.path)
      return (
        <LeftOverRow
          item={row.item}
          kind={kind}
          place={placeOf(row.item.path, kind)}
          onPair={(place) => setTask({ kind: 'partner', path: row.item.path, ...place })}
          onRole={(role) => attempt(notify, actions.setRole([row.item.path], role))}
          onDismiss={() => dismissFile(stores.desk, row.item.path)}
        />
      )
    }
    return (
      <PairRow
        item={row.item}
        isSelected={row.item.key === selectedKey}
        playingUrl={playingUrl}
        onPlay={toggle}
        onVerb={onVerb}
      />
    )
  }

  return (
    <>
      <VirtualList
        label={t('window.desk.list')}
        count={rows.length}
        rowPx={69}
        isMeasured
        renderRow={renderRow}
        selectedIndex={pairs.findIndex(({ key }) => key === selectedKey)}
        isSelectable={(index) => rows[index]?.kind === 'pair'}
        onSelect={(index) => {
          const row = rows[index]
          if (row?.kind === 'pair') stores.desk.setState({ selectedKey: row.item.key })
        }}
      />
      <FilePicker task={task} onClose={() => setTask(null)} />
    </>
  )
}
