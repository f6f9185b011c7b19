import { contextBridge, ipcRenderer, webUtils } from 'electron'

/** All that the page gets of Electron. Neither `ipcRenderer` nor an event object ever crosses. */
contextBridge.exposeInMainWorld('studio', {
  call: (method: unknown, input: unknown) => ipcRenderer.invoke('api:call', method, input),
  onEvent: (listener: (event: unknown) => void) => {
    const forward = (_event: unknown, event: unknown) => listener(event)
    ipcRenderer.on('api:event', forward)
    return () => void ipcRenderer.off('api:event', forward)
  },
  pathForFile: (file: File) => webUtils.getPathForFile(file),
})
