import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { createGunzip, gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { startNginx } from '../../support/nginx.ts'
import { until } from '../../support/until.ts'
import { adapters } from './support/adapters.ts'
import { read } from './support/reading.ts'
import { createStage, type Stage } from './support/stage.ts'

const gzip = { 'accept-encoding': 'gzip' }

describe.for(adapters)('a stream that may be compressed over $name', (adapter) => {
  test.for([
    ['gzip, deflate, br, zstd', 'gzip'],
    ['x-gzip;q=0.5', 'gzip'],
    ['identity;q=0, *', 'gzip'],
    ['gzip;q=0, *', null],
    ['br', null],
    ['gzip;q=0.1, identity', null],
    ['identity;q=0', null],
  ] as const)('is, to a client that accepts "%s": %s', async ([accepted, coding]) => {
    const stage = await createStage(adapter)

    const reading = await stage.subscribe('channel=news', { headers: { 'accept-encoding': accepted } })
    const head = await stage.fetch('/sse', { method: 'HEAD', headers: { 'accept-encoding': accepted } })

    for (const { headers } of [reading.response, head]) {
      expect(headers.get('content-encoding')).toBe(coding)
      // What others have said that it hangs on stays.
      expect(headers.get('vary')).toMatch(/\baccept-encoding\b/i)
      if (adapter.name.startsWith('Express with')) expect(headers.get('vary')).toMatch(/\borigin\b/i)
    }
    await stage.hub.publish('news', 'Hello')
    expect(await reading.untilEvents(1)).toMatchObject([{ data: 'Hello' }])
  })

  test('is whole when the hub has closed, as a strict client sees it', async () => {
    const stage = await createStage(adapter)
    const { body } = await stage.fetch('/sse?channel=news', { headers: gzip })
    let text = ''
    const all = (async () => {
      for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk
    })()
    await until('the first block', async () => text.includes('\nid: ') || undefined)

    await stage.hub.publish('news', 'Hello')
    await stage.hub.close()

    await all
    expect(text).toMatch(/data: Hello\n\n(.*\n)*retry: \d+\n\n$/)
  })

  test.runIf(adapter.isHttp1)('is whole when the hub has closed, as gunzip sees it', async () => {
    const stage = await createStage(adapter)
    const stream = await openRaw(stage)

    await stage.hub.publish('news', 'Hello')
    await stage.hub.publish('news', 'x'.repeat(100_000))
    await stage.hub.close()
    const bytes = await stream.all

    expect([await isWhole(bytes), await isWhole(bytes.subarray(0, -1))]).toEqual([true, false])
    expect(gunzipSync(bytes).toString()).toMatch(/^retry: \d+\nid: [\s\S]*\ndata: Hello\n\n[\s\S]*\nretry: \d+\n\n$/)
  })

  test('is exact for everyone, compressed or not, whatever is published and whoever comes and goes', async () => {
    const stage = await createStage(adapter)
    const random = randomFrom(7)
    const words = Array.from({ length: 300 }, (_, index) => `word-${(index * 7919) % 1_000}`)
    const text = (size: number) => {
      let data = ''
      while (data.length < size) data += `${words[random(words.length)]} `
      return data.slice(0, size)
    }
    const names = ['news', 'rooms.1', 'rooms.2', 'rooms.3']
    const sent: { data: string; channel: string }[] = []
    const readers: { channels: string[]; from: number; reading: Awaited<ReturnType<Stage['subscribe']>> }[] = []
    const publish = async () => {
      const channel = names[random(names.length)] ?? 'news'
      const data = `${sent.length} ${text([0, 20, 200, 1_000, 5_000, 40_000][random(6)] ?? 0)}`
      sent.push({ data, channel })
      await stage.hub.publish(channel, data)
    }
    const join = async () => {
      const channels = names.filter(() => random(2) === 0)
      if (channels.length === 0) channels.push('news')
      const from = sent.length
      const headers = { 'accept-encoding': random(3) === 0 ? 'identity' : 'gzip' }
      const reading = await stage.subscribe(`channel=${channels.join()}`, { headers })
      readers.push({ channels, from, reading })
    }

    for (let step = 0; step < 40; step++) {
      if (step % 4 === 0) await join()
      await Promise.all(Array.from({ length: random(8) }, publish))
      if (random(8) === 0) readers.splice(random(readers.length), 1)[0]?.reading.leave()
    }

    for (const { channels, from, reading } of readers) {
      const expected = sent.slice(from).filter(({ channel }) => channels.includes(channel))
      const events = await reading.untilEvents(expected.length)
      expect(events.map(({ data }) => data)).toEqual(expected.map(({ data }) => data))
    }
    expect(new Set(readers.map(({ reading }) => reading.response.headers.get('content-encoding'))).size).toBe(2)
    expect(stage.errors).toEqual([])
  })

  test.runIf(adapter.isHttp1)('comes event by event, as curl and node:zlib decode it', async () => {
    const stage = await createStage(adapter)
    const url = `http://127.0.0.1:${stage.port}${stage.base}/sse?channel=news`
    const curl = spawn('curl', ['-sN', '--compressed', url])
    stage.undo(() => curl.kill())
    const seen = { curl: '', zlib: '' }
    curl.stdout.on('data', (bytes) => {
      seen.curl += bytes
    })
    const { response } = await openRaw(stage)
    response.pipe(createGunzip()).on('data', (bytes) => {
      seen.zlib += bytes
    })
    await until('both', async () => stage.hub.subscribers === 2 || undefined)

    for (const data of ['1', '2', 'x'.repeat(3_000), '4']) {
      await stage.hub.publish('news', data)
      // Neither has to wait for the next one.
      const isSeen = (text: string) => text.endsWith(`\ndata: ${data}\n\n`)
      await until('it', async () => (isSeen(seen.curl) && isSeen(seen.zlib)) || undefined)
    }
    await stage.hub.close()

    // It says where a stream was cut off, and where it ends with something else than it should.
    const [code] = await once(curl, 'close')
    expect(code).toBe(0)
  })
})

describe('a compressed stream through an nginx', () => {
  const [adapter] = adapters
  if (adapter === undefined) throw new Error('No adapter')

  test.for([
    ['that compresses by itself', 'gzip on; gzip_types text/event-stream; gzip_proxied any;', 'gzip'],
    ['that decodes for clients that cannot', 'gunzip on; proxy_set_header Accept-Encoding gzip;', null],
    ['that asks for nothing of it', 'proxy_set_header Accept-Encoding "";', null],
    ['whose buffering is turned off by hand', 'proxy_ignore_headers X-Accel-Buffering; proxy_buffering off;', 'gzip'],
    ['that speaks HTTP/1.1 behind it', 'proxy_http_version 1.1; proxy_set_header Connection "";', 'gzip'],
  ] as const)('%s comes event by event, and ends in good order', async ([, config, coding]) => {
    const stage = await createStage(adapter)
    const nginx = await startNginx({ upstreamPort: stage.port, config })
    stage.undo(() => nginx.stop())
    const leaving = new AbortController()
    stage.undo(() => leaving.abort())
    const response = await fetch(`${nginx.url}/sse?channel=news`, {
      headers: { 'accept-encoding': config.startsWith('gunzip') ? 'identity' : 'gzip' },
      signal: leaving.signal,
    })
    const reading = read(response, () => leaving.abort())
    await until('the first block', async () => reading.ids.length > 0 || undefined)

    for (let count = 1; count <= 5; count++) {
      await stage.hub.publish('news', { count })
      await reading.untilEvents(count)
    }
    await stage.hub.close()
    await reading.untilOver()

    expect(response.headers.get('content-encoding')).toBe(coding)
    expect(reading.events.map(({ data }) => data)).toEqual([1, 2, 3, 4, 5].map((count) => `{"count":${count}}`))
    expect(reading.text).toMatch(/retry: \d+\n\n$/)
  })
})

/** A compressed stream as it comes over the wire. */
async function openRaw({ port, base }: Stage) {
  const sent = request({ port, host: '127.0.0.1', path: `${base}/sse?channel=news`, headers: gzip }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const all = (async () => {
    const parts: Buffer[] = []
    response.on('data', (bytes: Buffer) => void parts.push(bytes))
    await once(response, 'end')
    return Buffer.concat(parts)
  })()
  return { response, all }
}

function isWhole(bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('gunzip', ['-t'], (error) => resolve(error === null)).stdin?.end(bytes)
  })
}

/** The same numbers each time. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
