import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { until } from '../../../support/until.ts'

/** A client that is only a socket: it sends what it is told, and reads when it is told. */
export interface RawClient {
  readonly socket: Socket
  /** All that has come, as latin1. */
  readonly text: string
  readonly isClosed: boolean
  untilText(part: string): Promise<string>
  untilClosed(): Promise<void>
}

export async function dial(port: number): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const chunks: string[] = []
  let isClosed = false
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => void chunks.push(chunk))
  // A server may cut it off.
  socket.on('error', () => {})
  socket.once('close', () => {
    isClosed = true
  })
  return {
    socket,
    get text() {
      return chunks.join('')
    },
    get isClosed() {
      return isClosed
    },
    untilText: (part) =>
      until(JSON.stringify(part), async () => {
        const text = chunks.join('')
        return text.includes(part) ? text : undefined
      }),
    untilClosed: () => until('the connection to close', async () => isClosed || undefined).then(() => {}),
  }
}

/** A request as it stands on the wire. */
export function get(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): string {
  return request(`${method} ${path} HTTP/1.1`, headers)
}

/** One that is answered without chunks, whose ends could be anywhere in the text. */
export function getUnchunked(path: string): string {
  return request(`GET ${path} HTTP/1.0`, {})
}

function request(line: string, headers: Readonly<Record<string, string>>): string {
  const fields = Object.entries({ Host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${line}\r\n${fields.join('')}\r\n`
}
