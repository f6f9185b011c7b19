import { describe, expect, it } from 'vitest'
import { createBridgeClient } from './bridge-client.ts'
import type { StudioBridge } from './bridge-client.ts'

const counts = {
  queued: 1,
  waiting: 0,
  running: 0,
  needs_attention: 0,
  done: 0,
  failed: 0,
  cancelled: 0,
  expired: 0,
}
const snapshot = { paused: true, counts, progress: null, etaSeconds: null }

function bridgeWith(change: Partial<StudioBridge>): StudioBridge {
  return {
    call: () => Promise.resolve({ ok: true, value: snapshot }),
    onEvent: () => () => undefined,
    pathForFile: () => '',
    ...change,
  }
}
const file = (name: string) => ({ file: new File([], name), relativePath: name })
const code = (thrown: unknown) => (thrown as { code?: string }).code

describe('the window beside its core', () => {
  it('gives what the core answered, checked against the contract', async () => {
    const calls: unknown[] = []
    const client = createBridgeClient(
      bridgeWith({
        call: (method, input) => {
          calls.push([method, input])
          return Promise.resolve({ ok: true, value: snapshot })
        },
      }),
    )
    await expect(client.call('queue.snapshot', {})).resolves.toEqual(snapshot)
    expect(calls).toEqual([['queue.snapshot', {}]])
  })

  it('throws the core\u2019s own error with all that it carries', async () => {
    const error = {
      code: 'E-OUT-PERMISSION',
      params: { file: '/x' },
      chargeState: 'possible',
      retryable: true,
      jobId: 'j',
      step: 'finish',
      vendorId: 'v',
    }
    const client = createBridgeClient(bridgeWith({ call: () => Promise.resolve({ ok: false, error }) }))
    const thrown: unknown = await client.call('queue.pause', {}).catch((caught: unknown) => caught)
    expect((thrown as { data: unknown }).data).toEqual(error)
  })

  it.each([
    ['no reply', undefined],
    ['a reply of another shape', { value: snapshot }],
    ['an answer that is not of the contract', { ok: true, value: { paused: 'yes' } }],
    [
      'an error with an unknown code',
      { ok: false, error: { code: 'E-NEW', params: {}, chargeState: 'none', retryable: false } },
    ],
  ])('takes %s for a defect, not for an answer', async (_, reply) => {
    const client = createBridgeClient(bridgeWith({ call: () => Promise.resolve(reply) }))
    expect(code(await client.call('queue.snapshot', {}).catch((caught: unknown) => caught))).toBe('E-INTERNAL')
  })

  it('hands on events of the contract, and passes over what it does not know', () => {
    const heard: unknown[] = []
    const client = createBridgeClient(
      bridgeWith({
        onEvent: (listener) => {
          listener({ name: 'queue-changed', payload: snapshot })
          listener({ name: 'queue-changed', payload: {} })
          listener({ name: 'of-a-newer-core', payload: snapshot })
          listener({ name: 'toString', payload: snapshot })
          listener('garbage')
          return () => undefined
        },
      }),
    )
    client.onEvent((event) => heard.push(event))
    expect(heard).toEqual([{ name: 'queue-changed', payload: snapshot }])
  })

  it('turns files into their paths, each once, and leaves out those that have none', async () => {
    const client = createBridgeClient(
      bridgeWith({ pathForFile: ({ name }) => (name === 'pasted.png' ? '' : `/in/${name}`) }),
    )
    const paths = await client.adoptFiles([file('a.jpg'), file('pasted.png'), file('a.jpg')], () => undefined)
    expect(paths).toEqual(['/in/a.jpg'])
  })

  it('names media by id, never by path', () => {
    expect(createBridgeClient(bridgeWith({})).mediaUrl('thumbnail', 'a/../b?c')).toBe(
      'studio-media://media/thumbnail/a%2F..%2Fb%3Fc',
    )
  })
})
