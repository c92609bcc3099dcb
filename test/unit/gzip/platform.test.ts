import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

const gzip = { headers: { 'accept-encoding': 'gzip' } }
const url = 'http://localhost/sse?channel=news'

describe('on a platform without node:zlib', () => {
  const getBuiltinModule = process.getBuiltinModule

  beforeEach(() => {
    vi.resetModules()
  })

  afterEach(() => {
    process.getBuiltinModule = getBuiltinModule
  })

  test.for([
    ['that has a process', () => undefined],
    ['that has never heard of asking for it', undefined],
  ] as const)('%s, millrace/web is loaded and streams come as they are', async ([, ask]) => {
    process.getBuiltinModule = ask as typeof getBuiltinModule
    const { sse } = await import('../../../src/web.ts')
    const { createHub, defineChannel } = await import('../../../src/index.ts')
    const hub = createHub({ channels: [defineChannel('news')] })

    const { headers, body } = await sse(hub)(new Request(url, gzip))
    const first = await body?.getReader().read()
    await hub.close()

    expect([headers.get('content-encoding'), headers.get('vary')]).toEqual([null, null])
    expect(new TextDecoder().decode(first?.value)).toMatch(/^retry: /)
  })

  test('others compress', async () => {
    const { sse } = await import('../../../src/web.ts')
    const { createHub, defineChannel } = await import('../../../src/index.ts')
    const hub = createHub({ channels: [defineChannel('news')] })

    const { headers, body } = await sse(hub)(new Request(url, gzip))
    await body?.cancel()
    await hub.close()

    expect([headers.get('content-encoding'), headers.get('vary')]).toEqual(['gzip', 'Accept-Encoding'])
  })
})
