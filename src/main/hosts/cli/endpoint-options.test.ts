import { describe, expect, it } from 'vitest'
import { StudioError } from '../../../shared/errors.ts'
import { createTexts } from '../../../shared/lib/create-texts.ts'
import { readEndpointOptions } from './endpoint-options.ts'
import { parseArguments } from './program.ts'

function read(line: string): unknown {
  try {
    const command = parseArguments(`run a ${line}`.split(' '), createTexts('en'), '1.2.3')
    if (command.name !== 'run') throw new Error(command.name)
    return readEndpointOptions(command.options)
  } catch (error) {
    if (error instanceof StudioError) return error.code
    throw error
  }
}

describe('addresses of vendors on the command line', () => {
  it('are https, or plain http to this computer where that is allowed', () => {
    expect(read('')).toEqual({ baseUrls: {}, allowInsecureEndpoints: false })
    expect(read('--dashscope-url https://w1.cn-beijing.maas.aliyuncs.com')).toMatchObject({
      baseUrls: { dashscope: 'https://w1.cn-beijing.maas.aliyuncs.com/api/v1' },
    })
    expect(read('--dashscope-url https://proxy.example/ds/api/v1/')).toMatchObject({
      baseUrls: { dashscope: 'https://proxy.example/ds/api/v1' },
    })
    expect(read('--dashscope-url http://127.0.0.1:4200 --allow-insecure-endpoints --url-via bucket')).toEqual({
      baseUrls: { dashscope: 'http://127.0.0.1:4200/api/v1' },
      allowInsecureEndpoints: true,
      urlVia: 'bucket',
    })
    expect(read('--poll-interval 0.5 --segmind-url https://api.segmind.com/')).toMatchObject({
      pollIntervalSeconds: 0.5,
      baseUrls: { segmind: 'https://api.segmind.com' },
    })
  })

  it.each([
    ['http://evil.example', 'E-CONFIG-INSECURE'],
    ['http://127.0.0.1:4200', 'E-CONFIG-INSECURE'],
    ['http://10.0.0.1 --allow-insecure-endpoints', 'E-CONFIG-INSECURE'],
    ['http://localhost.evil.example --allow-insecure-endpoints', 'E-CONFIG-INSECURE'],
    ['ftp://127.0.0.1 --allow-insecure-endpoints', 'E-CONFIG-INSECURE'],
    ['file:///etc/passwd --allow-insecure-endpoints', 'E-CONFIG-INSECURE'],
    ['https://user:secret@dashscope.aliyuncs.com', 'E-CONFIG-INVALID'],
    ['https://dashscope.aliyuncs.com/?key=1', 'E-CONFIG-INVALID'],
    ['dashscope.aliyuncs.com', 'E-CONFIG-INVALID'],
  ])('%s is %s', (given, code) => {
    expect(read(`--dashscope-url ${given}`)).toBe(code)
  })
})
