import type { StudioEvent } from '../../../shared/api/index.ts'
import type { WindowWish } from '../../../shared/api/system.ts'
import type { DeskActions } from '../features/desk/desk-actions.ts'
import { attempt } from '../lib/notice.ts'
import type { Studio } from '../lib/studio.tsx'

/**
 * Does what the system's menu asks for, takes what the system hands over onto the desk (nothing is started with it), and
 * tells of a newer release. Returns its end.
 */
export function followSystem({ client, stores, notify }: Studio, desk: DeskActions): () => void {
  const { view } = stores
  const takeHanded = async () => desk.addPaths((await client.call('system.takeHandedFiles', {})).paths)
  const wishes: Record<WindowWish, () => Promise<void> | void> = {
    'add-files': async () => desk.addPaths((await client.call('system.pickInputs', {})).paths),
    'add-folder': () => desk.addPickedFolder(),
    desk: () => view.setState({ view: 'desk' }),
    queue: () => view.setState({ view: 'queue' }),
    settings: () => view.setState({ dialog: 'settings' }),
    shortcuts: () => view.setState({ dialog: 'shortcuts' }),
    about: () => view.setState({ dialog: 'about' }),
  }
  const onEvent = async (event: StudioEvent): Promise<void> => {
    if (event.name === 'files-handed') await takeHanded()
    else if (event.name === 'window-asked') await wishes[event.payload.wish]()
    else if (event.name === 'update-found') {
      const { version, page } = event.payload
      const seeRelease = () => void window.open(page, '_blank', 'noreferrer')
      notify({ kind: 'info', key: 'updateFound', values: { version }, action: { key: 'seeRelease', run: seeRelease } })
    }
  }
  attempt(notify, takeHanded())
  return client.onEvent((event) => attempt(notify, onEvent(event)))
}
