/** Switches of Chromium and Node that let someone else look into the app or take its guards away. */
const REFUSED = [
  'inspect',
  'inspect-brk',
  'inspect-port',
  'inspect-publish-uid',
  'remote-debugging-port',
  'remote-debugging-pipe',
  'remote-debugging-address',
  'remote-allow-origins',
  'js-flags',
  'load-extension',
  'disable-web-security',
  'ignore-certificate-errors',
]

/** The first switch among the arguments with which a packaged app does not start; undefined when there is none. */
export function refusedSwitch(args: readonly string[]): string | undefined {
  return args
    .filter((arg) => /^(--?|\/)[a-z]/i.test(arg))
    .map((arg) => arg.replace(/^(--?|\/)/, '').split('=', 1)[0] ?? '')
    .find((name) => REFUSED.includes(name.toLowerCase()))
}
