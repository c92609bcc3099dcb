import { describe, expect, test } from 'vitest'
import { adapters } from './support/adapters.ts'
import { get } from './support/raw-client.ts'
import { createStage } from './support/stage.ts'

const limit = 10_000

describe.for(adapters)('a body that is too large over $name', (adapter) => {
  test('is refused when it says so itself', async () => {
    const stage = await createStage(adapter, { limits: { body: limit } })
    const body = lines(limit * 20)

    const response = await stage.fetch('/publish', { method: 'POST', headers, body })

    await expectRefusal(response)
  })

  test('is refused when it does not say how long it is', async () => {
    const stage = await createStage(adapter, { limits: { body: limit } })
    const body = new Blob([lines(limit * 20)]).stream()

    const response = await stage.fetch('/publish', { method: 'POST', headers, body, duplex: 'half' } as RequestInit)

    await expectRefusal(response)
  })

  test('is taken up to the limit', async () => {
    const stage = await createStage(adapter, { limits: { body: limit } })
    const body = lines(limit)

    const response = await stage.fetch('/publish', { method: 'POST', headers, body })

    expect([body.length, response.status]).toEqual([limit, 200])
  })

  test.runIf(adapter.isHttp1 && !adapter.isProxied)('is refused before it has been sent', async () => {
    const stage = await createStage(adapter, { limits: { body: limit } })
    const client = await stage.dial()

    client.socket.write(get(`${stage.base}/publish`, { ...headers, 'Content-Length': String(limit + 1) }, 'POST'))

    expect(await client.untilText('body_too_large')).toMatch(/^HTTP\/1\.1 413 /)
  })

  test.runIf(adapter.isHttp1)('that ends in the middle publishes nothing and disturbs nobody', async () => {
    const stage = await createStage(adapter)
    const reading = await stage.subscribe('channel=news')
    const client = await stage.dial()
    const body = '{"channel":"news","data":"cut"}'

    client.socket.write(get(`${stage.base}/publish`, { ...headers, 'Content-Length': String(body.length + 1) }, 'POST'))
    client.socket.end(body)
    await client.untilClosed()
    await stage.hub.publish('news', 'the first')

    expect(await reading.untilEvents(1)).toMatchObject([{ data: 'the first' }])
    expect(stage.errors).toEqual([])
  })
})

const headers = { 'content-type': 'application/x-ndjson' }

async function expectRefusal(response: Response): Promise<void> {
  expect(response.status).toBe(413)
  expect(await response.json()).toMatchObject({
    code: 'body_too_large',
    limit,
    detail: expect.stringMatching(/10000 bytes/),
  })
}

/** NDJSON of so many bytes. */
function lines(bytes: number): string {
  const line = '{"channel":"news","data":"x"}\n'
  return line.repeat(bytes / line.length).padEnd(bytes, '\n')
}
