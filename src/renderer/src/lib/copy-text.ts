/**
 * Puts text on the clipboard, in answer to a click. Where the clipboard's own interface is refused (the app grants its
 * page no permission at all) the text is selected and copied as by the keyboard. Throws when that fails, too.
 */
export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
  } catch (refused) {
    const field = document.createElement('textarea')
    field.value = text
    field.style.position = 'fixed'
    field.style.opacity = '0'
    const focused = document.activeElement
    // Inside an open dialog, which keeps the focus to itself.
    const home = document.querySelector('[data-dialog][data-open]') ?? document.body
    home.append(field)
    field.select()
    const isCopied = document.execCommand('copy')
    field.remove()
    if (focused instanceof HTMLElement) focused.focus()
    if (!isCopied) throw refused
  }
}
