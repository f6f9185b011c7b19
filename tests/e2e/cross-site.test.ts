import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium, noChromium } from '../fixtures/chromium.ts'
import { startTestWebHost } from '../fixtures/web-host.ts'
import type { TestWebHost } from '../fixtures/web-host.ts'

if (noChromium !== undefined) console.warn(`Skipped: a page of another site in a real browser (${noChromium}).`)

/** What a page of another site can try, each run in that page; gives what it could read, or null. */
const attempts: Record<string, (target: string) => Promise<string | null>> = {
  'a form that posts': async (target) => {
    const frame = document.createElement('iframe')
    frame.name = 'sink'
    document.body.append(frame)
    const form = document.createElement('form')
    Object.assign(form, { method: 'post', action: `${target}/api/queue.pause`, target: 'sink', enctype: 'text/plain' })
    const field = document.createElement('input')
    Object.assign(field, { name: '{"x":"', value: '"}' })
    form.append(field)
    document.body.append(form)
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve))
    form.submit()
    await loaded
    try {
      return frame.contentDocument?.body.textContent || null
    } catch {
      return null
    }
  },
  'a plain text fetch with the cookie': async (target) => {
    const options: RequestInit = { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' }
    const answer = await fetch(`${target}/api/queue.pause`, {
      ...options,
      headers: { 'content-type': 'text/plain' },
    }).catch(() => null)
    return answer === null ? null : (await answer.text()) || null
  },
  'a picture': (target) =>
    new Promise((resolve) => {
      const image = new Image()
      image.addEventListener('load', () => resolve(`${image.naturalWidth} pixels wide`))
      image.addEventListener('error', () => resolve(null))
      image.src = `${target}/media/result/secret`
    }),
  'a script': (target) =>
    new Promise((resolve) => {
      const script = document.createElement('script')
      script.addEventListener('load', () => resolve('studioPage' in globalThis ? 'ran' : 'loaded'))
      script.addEventListener('error', () => resolve(null))
      script.src = `${target}/assets/page.js`
      document.head.append(script)
    }),
  'a frame around the page': async (target) => {
    const frame = document.createElement('iframe')
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve))
    frame.src = `${target}/`
    document.body.append(frame)
    await loaded
    try {
      return frame.contentDocument?.title || null
    } catch {
      return null
    }
  },
  'an event stream': (target) =>
    new Promise((resolve) => {
      const source = new EventSource(`${target}/events`, { withCredentials: true })
      source.addEventListener('message', (message) => resolve(String(message.data)))
      source.addEventListener('error', () => {
        source.close()
        resolve(null)
      })
    }),
  'a web socket': (target) =>
    new Promise((resolve) => {
      const socket = new WebSocket(`${target.replace('http:', 'ws:')}/events`)
      socket.addEventListener('open', () => resolve('open'))
      socket.addEventListener('error', () => resolve(null))
    }),
  'a beacon': async (target) => {
    navigator.sendBeacon(`${target}/api/queue.pause`, new Blob(['{}'], { type: 'text/plain' }))
    // The beacon is on its way before this request to the same server, and is answered before it.
    await fetch(`${target}/assets/page.css`, { mode: 'no-cors' }).catch(() => null)
    return null
  },
}

describe.skipIf(noChromium !== undefined)('a page of another site, in a browser that is signed in', () => {
  let web: TestWebHost
  let browser: Browser
  let page: Page
  let stranger: Server
  beforeAll(async () => {
    web = await startTestWebHost()
    const path = join(web.dataDir, 'secret.png')
    // One pixel: what a picture of the user would be.
    writeFileSync(
      path,
      Buffer.from(
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
        'base64',
      ),
    )
    web.core.media.set('result/secret', { path, contentType: 'image/png' })
    browser = await launchChromium()
    const context = await browser.newContext()
    page = await context.newPage()
    await page.goto(`${web.origin}/`)
    const status = await page.evaluate(async (token) => {
      const headers = { 'content-type': 'application/json', 'x-studio': '1' }
      return (await fetch('/session', { method: 'POST', headers, body: JSON.stringify({ token }) })).status
    }, web.token)
    if (status !== 200) throw new Error(`not signed in: ${status}`)
    stranger = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<!doctype html><body>'),
    )
    const port = await new Promise<number>((resolve) => {
      stranger.listen(0, '127.0.0.1', () => {
        const address = stranger.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
    await page.goto(`http://127.0.0.1:${port}/`)
  })
  afterAll(async () => {
    await browser.close()
    stranger.close()
    await web.stop()
  })

  it.each(Object.keys(attempts))('%s changes nothing and reads nothing', async (name) => {
    const before = web.core.calls.length
    const read = await page.evaluate(`(${String(attempts[name])})(${JSON.stringify(web.origin)})`)
    expect(read).toBeNull()
    expect(web.core.calls.slice(before)).toEqual([])
  })

  it('all eight were tried, and our own page still works', async () => {
    expect(Object.keys(attempts)).toHaveLength(8)
    await page.goto(`${web.origin}/`)
    const read = await page.evaluate(async () => {
      const headers = { 'content-type': 'application/json', 'x-studio': '1' }
      const call = await fetch('/api/queue.snapshot', { method: 'POST', headers, body: '{}' })
      const image = new Image()
      image.src = '/media/result/secret'
      await image.decode()
      const events = new EventSource('/events')
      const first = await new Promise<string>((resolve) =>
        events.addEventListener('message', ({ data }) => resolve(String(data))),
      )
      events.close()
      return [call.status, image.naturalWidth, (JSON.parse(first) as { name: string }).name]
    })
    expect(read).toEqual([200, 1, 'queue-changed'])
  })
})
