type Environment = Readonly<Record<string, string | undefined>>

/** The proxy that the environment names for a URL (`HTTPS_PROXY`, `HTTP_PROXY`, but for hosts in `NO_PROXY`), or null. */
export function proxyFromEnvironment(env: Environment, url: URL): string | null {
  const read = (name: string): string => env[name] ?? env[name.toLowerCase()] ?? ''
  const proxy = read(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY')
  if (proxy === '' || !URL.canParse(proxy)) return null
  const isExempt = read('NO_PROXY')
    .split(',')
    .map((entry) =>
      entry
        .trim()
        .toLowerCase()
        .replace(/^\*?\./, ''),
    )
    .some((entry) => entry === '*' || (entry !== '' && matches(url, entry)))
  return isExempt ? null : proxy
}

function matches(url: URL, entry: string): boolean {
  const [, name = entry, port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? []
  if (port !== undefined && port !== (url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port))
    return false
  const host = url.hostname.toLowerCase()
  return host === name || host.endsWith(`.${name}`)
}
