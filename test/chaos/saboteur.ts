import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What becomes of one block of a stream: the blocks that are sent in its place. `send` sends more on it later. */
export type StreamTrick = (block: string, stream: TrickedStream) => readonly string[]

export interface TrickedStream {
  readonly channels: readonly string[]
  readonly send: (block: string) => void
}

/** What becomes of the body of a publish: bodies to pass on, of which the first is answered; none at all is acknowledged with a lie. */
export type PublishTrick = (body: string) => readonly string[]

export interface Tricks {
  readonly stream?: StreamTrick
  readonly publish?: PublishTrick
}

/** A proxy before a hub that makes of a good hub a bad one. */
export class Saboteur {
  readonly port: number
  readonly #server: Server
  readonly #tricks: Tricks
  #target: number

  private constructor(server: Server, target: number, tricks: Tricks) {
    this.#server = server
    this.#target = target
    this.#tricks = tricks
    this.port = (server.address() as AddressInfo).port
    server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
      if (incoming.method === 'POST') void this.#publish(incoming, outgoing)
      else this.#subscribe(incoming, outgoing)
    })
  }

  static async start(target: number, tricks: Tricks): Promise<Saboteur> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Saboteur(server, target, tricks)
  }

  switchTo(target: number): void {
    this.#target = target
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  #subscribe(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { url = '' } = incoming
    // It reads what it passes on.
    const headers = { ...incoming.headers, 'accept-encoding': 'identity' }
    const { stream: trick = (block) => [block] } = this.#tricks
    const upstream = request({ host: '127.0.0.1', port: this.#target, path: url, headers, agent: false })
    outgoing.on('close', () => upstream.destroy())
    upstream.on('error', () => outgoing.destroy())
    upstream.on('response', (response) => {
      outgoing.writeHead(response.statusCode ?? 502, { 'content-type': response.headers['content-type'] ?? '' })
      const channels = new URLSearchParams(url.slice(url.indexOf('?'))).getAll('channel')
      const stream = { channels, send: (block: string) => void outgoing.write(`${block}\n\n`) }
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        const blocks = (text + chunk).split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) for (const sent of trick(block, stream)) stream.send(sent)
      })
      response.on('error', () => outgoing.destroy())
      response.on('end', () => outgoing.end())
    })
    upstream.end()
  }

  async #publish(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { publish: trick = (body) => [body] } = this.#tricks
    let body = ''
    for await (const chunk of incoming.setEncoding('utf8')) body += chunk
    const bodies = trick(body)
    const answers = await Promise.all(
      bodies.map(async (passed) => {
        const url = `http://127.0.0.1:${this.#target}/publish`
        const headers = { 'content-type': 'application/json' }
        const response = await fetch(url, { method: 'POST', headers, body: passed })
        return { status: response.status, text: await response.text() }
      }),
    ).catch(() => [{ status: 503, text: '' }])
    const lie = { status: 200, text: JSON.stringify({ id: `${Date.now()}-999001` }) }
    const { status, text } = answers[0] ?? lie
    outgoing.writeHead(status, { 'content-type': 'application/json' }).end(text)
  }
}
