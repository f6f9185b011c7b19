import { useCallback, useEffect, useRef } from 'react'
import { I18nextProvider } from 'react-i18next'
import { CSPProvider } from '@base-ui/react/csp-provider'
import { Toast } from '@base-ui/react/toast'
import type { i18n as I18n } from 'i18next'
import type { VideoRole } from '../features/desk/desk-actions.ts'
import { DeskPanel } from '../features/desk/desk-panel.tsx'
import { Desk } from '../features/desk/desk.tsx'
import { Queue } from '../features/queue/queue.tsx'
import { JobPanel } from '../features/results/job-panel.tsx'
import { AboutDialog } from '../features/settings/about-dialog.tsx'
import { SettingsDialog } from '../features/settings/settings-dialog.tsx'
import { RehearsalDialog } from '../features/welcome/rehearsal-dialog.tsx'
import { Welcome } from '../features/welcome/welcome.tsx'
import { JobActionsProvider } from '../lib/job-actions.tsx'
import { attempt } from '../lib/notice.ts'
import { StudioProvider, useDesk, useSession, useStudio, useView } from '../lib/studio.tsx'
import { Announcer } from './announcer.tsx'
import { announceAttention, announceEnd, followCore } from './core-sync.ts'
import type { StudioWindow } from './create-studio.ts'
import { DropTarget } from './drop-target.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import { FileInputs } from './file-inputs.tsx'
import type { FileInputsHandle } from './file-inputs.tsx'
import { Gate } from './gate.tsx'
import { Header } from './header.tsx'
import { ShortcutSheet } from './shortcut-sheet.tsx'
import { followSystem } from './system-wishes.ts'
import { Toasts } from './toasts.tsx'
import { useAppearance } from './use-appearance.ts'
import { useShortcuts } from './use-shortcuts.ts'
import styles from './app.module.css'

export function App({ studio, i18n }: { readonly studio: StudioWindow; readonly i18n: I18n }) {
  return (
    <CSPProvider disableStyleElements>
      <I18nextProvider i18n={i18n}>
        <StudioProvider studio={studio.studio}>
          <JobActionsProvider value={studio.jobs}>
            <Toast.Provider toastManager={studio.toasts} limit={4}>
              <ErrorBoundary>
                <Gate>
                  <Layout studio={studio} />
                </Gate>
              </ErrorBoundary>
              <Toasts />
            </Toast.Provider>
          </JobActionsProvider>
        </StudioProvider>
      </I18nextProvider>
    </CSPProvider>
  )
}

function Layout({ studio: { studio, desk, jobs } }: { readonly studio: StudioWindow }) {
  const view = useView((state) => state.view)
  const inputs = useRef<FileInputsHandle>(null)
  const video = useRef<HTMLVideoElement>(null)
  const { stores, notify, client } = useStudio()
  const canPick = useSession(({ info }) => info?.canPickFolder ?? false)
  const hasPairs = useDesk(({ pairs }) => pairs.length > 0)
  useAppearance()

  useEffect(() => {
    const endSync = followCore(studio)
    const endAnnouncing = announceEnd(studio)
    const endAsking = announceAttention(studio)
    const endSystem = followSystem(studio, desk)
    return () => {
      endSync()
      endAnnouncing()
      endAsking()
      endSystem()
    }
  }, [studio, desk])

  const addFiles = useCallback((role?: VideoRole) => inputs.current?.chooseFiles(role), [])
  const addAnyFiles = useCallback(() => addFiles(), [addFiles])
  // Where files carry their paths, one path of a folder says more than a list of its files.
  const addFolder = useCallback(() => {
    if (client.filesHavePaths && canPick) attempt(notify, desk.addPickedFolder())
    else inputs.current?.chooseFolder()
  }, [client, canPick, notify, desk])

  const play = useCallback(
    (jobId: string) => {
      stores.view.setState({ view: 'queue', selectedJobId: jobId })
      // The player of a newly selected job is there after the next paint.
      requestAnimationFrame(() => {
        const element = video.current
        if (element === null) return
        if (element.paused) element.play().catch(() => undefined)
        else element.pause()
      })
    },
    [stores],
  )

  useShortcuts({ desk, jobs, addFiles: addAnyFiles, play })

  return (
    <DropTarget onFiles={(files, role) => attempt(notify, desk.addFiles(files, role))}>
      <div className={styles.window}>
        <Header />
        <main className={styles.content}>
          {view === 'desk' ? (
            <Desk
              actions={desk}
              onAddFiles={addFiles}
              onAddFolder={addFolder}
              welcome={<Welcome onAddFiles={addAnyFiles} onAddFolder={addFolder} onSamples={desk.addSamples} />}
            />
          ) : (
            <Queue onPlay={play} />
          )}
          {view === 'desk' && !hasPairs ? null : (
            <aside className={styles.panel}>
              {view === 'desk' ? <DeskPanel actions={desk} /> : <JobPanel video={video} />}
            </aside>
          )}
        </main>
      </div>
      <FileInputs ref={inputs} onFiles={(files, role) => attempt(notify, desk.addFiles(files, role))} />
      <SettingsDialog />
      <RehearsalDialog />
      <AboutDialog />
      <ShortcutSheet />
      <Announcer />
    </DropTarget>
  )
}
