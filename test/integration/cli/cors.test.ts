import { expect, test } from 'vitest'
import { serve } from './command.ts'

const ours = 'https://app.example'

test('without --cors no origin is let in', async () => {
  const { url } = await serve(['--dev'])

  expect(await ask(`${url}/sse?channel=a`, ours)).toEqual({ status: 200, allowed: null, vary: 'Accept-Encoding' })
  expect(await preflight(`${url}/sse`, ours, 'GET')).toMatchObject({ status: 405, allowed: null })
})

test('an origin that is named may read the streams, and no other', async () => {
  const { url } = await serve(['--public', 'a', '--cors', ours, '--cors', 'http://localhost:5173'])
  const stream = `${url}/sse?channel=a`

  expect(await ask(stream, ours)).toEqual({ status: 200, allowed: ours, vary: 'Origin, Accept-Encoding' })
  expect(await ask(stream, 'http://localhost:5173')).toMatchObject({ allowed: 'http://localhost:5173' })
  expect(await ask(stream, 'https://other.example')).toEqual({
    status: 200,
    allowed: null,
    vary: 'Origin, Accept-Encoding',
  })
  expect(await ask(`${url}/sse?channel=b`, ours)).toMatchObject({ status: 403, allowed: ours })
  expect(await ask(`${url}/healthz`, ours)).toMatchObject({ allowed: null })
  expect(await preflight(stream, ours, 'GET')).toMatchObject({
    status: 204,
    allowed: ours,
    headers: 'Last-Event-ID, Content-Type, Prefer',
  })
  expect(await preflight(stream, 'https://other.example', 'GET')).toMatchObject({ status: 405, allowed: null })
  expect(await preflight(`${url}/publish`, ours, 'POST')).toMatchObject({ status: 405, allowed: null })
})

test('* lets everyone read, and nobody publish', async () => {
  const { url } = await serve(['--dev', '--cors', '*'])

  expect(await ask(`${url}/sse?channel=a`, ours)).toEqual({ status: 200, allowed: '*', vary: 'Accept-Encoding' })
  expect(await preflight(`${url}/publish`, ours, 'POST')).toMatchObject({ status: 405, allowed: null })
})

test('with --dev an origin that is named may publish too', async () => {
  const { url } = await serve(['--dev', '--cors', ours])

  expect(await preflight(`${url}/publish`, ours, 'POST')).toMatchObject({ status: 204, allowed: ours })
  expect(await preflight(`${url}/publish`, 'https://other.example', 'POST')).toMatchObject({
    status: 405,
    allowed: null,
  })
})

async function ask(url: string, origin: string) {
  const { status, headers, body } = await fetch(url, { headers: { origin } })
  await body?.cancel()
  return { status, allowed: headers.get('access-control-allow-origin'), vary: headers.get('vary') }
}

async function preflight(url: string, origin: string, method: string) {
  const { status, headers } = await fetch(url, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'last-event-id' },
  })
  return {
    status,
    allowed: headers.get('access-control-allow-origin'),
    headers: headers.get('access-control-allow-headers'),
  }
}
