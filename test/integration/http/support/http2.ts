import { once } from 'node:events'
import { type ClientHttp2Session, connect, createServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import type { Hub } from '../../../../src/hub/api.ts'
import { publish as publishHandler, sse } from '../../../../src/node.ts'
import type { Served, StartOptions } from './adapter.ts'
import { decoded } from './decoded.ts'

/** HTTP/2 without TLS. No `fetch` speaks that, so this one is made of node:http2's own client. */
export async function startHttp2(hub: Hub, { before }: StartOptions = {}): Promise<Served> {
  const stream = sse(hub)
  const publish = publishHandler(hub)
  const server = createServer(async (request, response) => {
    await before?.()
    if (request.url.startsWith('/publish')) await publish(request, response)
    else await stream(request, response)
  })
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const clients = [connect(url)]
  let requests = 0

  return {
    fetch(path, init) {
      // Node ends a session that resets hundreds of streams in a row, which is how one attacks a server.
      if (++requests % 200 === 0) clients.push(connect(url))
      return fetchHttp2(clients.at(-1) ?? connect(url), path, init)
    },
    port: 0,
    base: '',
    cut() {},
    async close() {
      // A session closes when its streams have ended.
      for (const session of [...clients, ...sessions]) session.close()
      await new Promise<void>((resolve) => void server.close(() => resolve()))
    },
  }
}

async function fetchHttp2(client: ClientHttp2Session, path: string, init: RequestInit = {}): Promise<Response> {
  init.signal?.throwIfAborted()
  const { body } = new Response(init.body ?? null)
  const headers = Object.fromEntries(new Headers(init.headers))
  const stream = client.request(
    { ':method': init.method ?? 'GET', ':path': path, ...headers },
    { endStream: body === null },
  )
  // Both ends may close it; who reads its body hears of that as the end of the body.
  stream.on('error', () => {})
  init.signal?.addEventListener('abort', () => stream.destroy(init.signal?.reason))
  if (body !== null) Readable.from(body).pipe(stream)
  const [{ ':status': status = 0, ...answer }] = await Promise.race([
    once(stream, 'response'),
    once(stream, 'close').then(() => Promise.reject(new Error('The stream closed before it was answered.'))),
  ])
  const fields = Object.entries(answer).filter(([name]) => !name.startsWith(':'))
  const isEmpty = init.method === 'HEAD'
  const readable = isEmpty ? null : (Readable.toWeb(stream) as ReadableStream<Uint8Array>)
  const pairs = fields.map(([name, value]): [string, string] => [name, String(value)])
  return decoded(new Response(readable, { status, headers: pairs }))
}
