import { describe, expect, it } from 'vitest'
import { StudioError } from '../../../shared/errors.ts'
import { guardedLookup, isAllowedAddress } from './address-guard.ts'
import { checkEndpoint, checkForeignUrl } from './url-rules.ts'

const outcome = (action: () => unknown): string => {
  try {
    action()
    return 'ok'
  } catch (error) {
    if (error instanceof StudioError) return error.code
    throw error
  }
}

const rules = { vendorSuffixes: ['.aliyuncs.com'], loopbackOrigin: 'http://127.0.0.1:8123' }

describe('an address out of a response body', () => {
  it.each([
    ['https://dashscope-result-sh.oss-cn-shanghai.aliyuncs.com/x.mp4?Expires=1'],
    ['http://dashscope-result-sh.oss-cn-shanghai.aliyuncs.com/x.mp4?Expires=1'],
    ['https://images.segmind.com/out.mp4'],
    ['http://127.0.0.1:8123/results/a.mp4'],
  ])('%s is taken', (url) => expect(outcome(() => checkForeignUrl(url, rules))).toBe('ok'))

  it.each([
    ['http://evil.example/x.mp4'],
    ['http://aliyuncs.com.evil.example/x.mp4'],
    ['http://xaliyuncs.com/x.mp4'],
    ['file:///etc/passwd'],
    ['data:video/mp4;base64,AAAA'],
    ['ftp://oss.aliyuncs.com/x'],
    ['javascript:alert(1)'],
    ['//host/p'],
    ['relative/path.mp4'],
    [''],
    ['https://user@oss.aliyuncs.com/x'],
    ['https://user:pass@oss.aliyuncs.com/x'],
    ['https://oss.aliyuncs.com:22/x'],
    ['https://oss.aliyuncs.com:8443/x'],
    ['https://127.0.0.1/x'],
    ['https://127.1/x'],
    ['https://0x7f.1/x'],
    ['https://0/x'],
    ['https://2130706433/x'],
    ['https://017700000001/x'],
    ['https://[::1]/x'],
    ['https://[::ffff:127.0.0.1]/x'],
    ['https://10.0.0.1/x'],
    ['https://192.168.1.1/x'],
    ['https://100.100.100.200/latest/meta-data'],
    ['https://169.254.169.254/latest'],
    ['https://8.8.8.8/x'],
    ['http://127.0.0.1:8124/other-port'],
    ['https://127.0.0.1:8123/other-scheme'],
    ['http://localhost:8123/other-host'],
    [`https://oss.aliyuncs.com/${'x'.repeat(9000)}`],
  ])('%s is refused', (url) => expect(outcome(() => checkForeignUrl(url, rules))).toBe('E-URL-BLOCKED'))

  it('never shows the signature of a refused one', () => {
    try {
      checkForeignUrl('http://evil.example/x.mp4?Signature=secret', rules)
      expect.unreachable()
    } catch (error) {
      expect(JSON.stringify(error instanceof StudioError ? error.data : error)).not.toContain('secret')
    }
  })
})

describe('an address behind a name', () => {
  it.each([
    ['8.8.8.8', 'public', true],
    ['2606:4700::1111', 'public', true],
    ['127.0.0.1', 'public', false],
    ['10.1.2.3', 'public', false],
    ['100.100.100.200', 'public', false],
    ['::1', 'public', false],
    ['::ffff:127.0.0.1', 'public', false],
    ['fe80::1', 'public', false],
    ['198.18.0.9', 'public', false],
    ['198.18.0.9', 'public-or-fake-ip', true],
    ['198.20.0.9', 'public-or-fake-ip', true],
    ['64:ff9b::808:808', 'public-or-fake-ip', true],
    ['64:ff9b::7f00:1', 'public-or-fake-ip', false],
    ['64:ff9b::808:808', 'public', false],
    ['192.168.0.1', 'public-or-fake-ip', false],
    ['127.0.0.1', 'loopback', true],
    ['8.8.8.8', 'loopback', false],
  ] as const)('%s for %s is %s', (address, allowance, expected) => {
    expect(isAllowedAddress(address, allowance)).toBe(expected)
  })

  it('is refused as a whole when one of several answers is private, a hundred times in a row', async () => {
    const lookup = guardedLookup('public', (_host, _options, callback) =>
      callback(null, [
        { address: '8.8.8.8', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]),
    )
    for (let round = 0; round < 100; round++) {
      const error = await new Promise((settle) => lookup('two.example', { all: true }, (failure) => settle(failure)))
      expect(error).toBeInstanceOf(StudioError)
    }
  })
})

describe('an endpoint that a person sets', () => {
  it.each([
    ['https://dashscope.aliyuncs.com/api/v1', false, 'ok'],
    ['http://dashscope.aliyuncs.com/api/v1', false, 'E-CONFIG-INSECURE'],
    ['http://dashscope.aliyuncs.com/api/v1', true, 'E-CONFIG-INSECURE'],
    ['http://127.0.0.1:8000', false, 'E-CONFIG-INSECURE'],
    ['http://127.0.0.1:8000', true, 'ok'],
    ['http://localhost:8000/api/v1', true, 'ok'],
    ['http://127.0.0.1.evil.example', true, 'E-CONFIG-INSECURE'],
    ['https://user:pass@host.example', true, 'E-CONFIG-INVALID'],
    ['host.example', true, 'E-CONFIG-INVALID'],
    ['https://host.example/?x=1', false, 'E-CONFIG-INVALID'],
  ])('%s (insecure allowed: %s) is %s', (url, allowInsecure, expected) => {
    expect(outcome(() => checkEndpoint('dashscopeUrl', url, allowInsecure))).toBe(expected)
  })
})
