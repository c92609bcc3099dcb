import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** The way of the bytes: from those who connect, or to them. */
export type Direction = 'up' | 'down'

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/** A wire that can be cut, slowed and broken, between those who connect to its port and a server on this machine. */
export class TcpProxy {
  readonly port: number
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #target: number
  #isRefusing = false
  #delay = 0
  /** Bytes a second, for each connection and direction. */
  #rate = Number.POSITIVE_INFINITY
  #held: Direction | undefined
  #swallowed: Direction | undefined

  private constructor(server: Server, target: number) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    this.#target = target
    server.on('connection', (client) => this.#accept(client))
  }

  static async start(target: number): Promise<TcpProxy> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new TcpProxy(server, target)
  }

  /** For connections from now on. */
  switchTo(target: number): void {
    this.#target = target
  }

  /** Ends the connections that `isHit` says, without a word. */
  cut(isHit: () => boolean = () => true): void {
    for (const pair of [...this.#pairs]) if (isHit()) this.#end(pair)
  }

  /** Until `accept`, connections end as soon as they are made, and those that there are end now. */
  refuse(): void {
    this.#isRefusing = true
    this.cut()
  }

  accept(): void {
    this.#isRefusing = false
  }

  /** Everything comes so many ms later. */
  slow(ms: number): void {
    this.#delay = ms
  }

  throttle(bytesPerSecond: number): void {
    this.#rate = bytesPerSecond
  }

  /** Nothing passes in this direction, and nothing is lost: as when packets are dropped for a while. */
  hold(direction: Direction): void {
    this.#held = direction
  }

  /** Everything in this direction vanishes, and neither side is told. Healing it ends the connections: TCP has no holes. */
  swallow(direction: Direction): void {
    this.#swallowed = direction
  }

  /** All but `refuse`. */
  heal(): void {
    if (this.#swallowed !== undefined) this.cut()
    this.#delay = 0
    this.#rate = Number.POSITIVE_INFINITY
    this.#held = undefined
    this.#swallowed = undefined
  }

  async close(): Promise<void> {
    this.#server.close()
    this.refuse()
    await once(this.#server, 'close')
  }

  #accept(client: Socket): void {
    client.on('error', () => client.destroy())
    if (this.#isRefusing) {
      client.destroy()
      return
    }
    const server = dial({ port: this.#target, host: '127.0.0.1', noDelay: true })
    const pair = { client, server }
    this.#pairs.add(pair)
    for (const socket of [client, server]) {
      socket.on('error', () => this.#end(pair))
      socket.on('close', () => this.#end(pair))
    }
    void this.#pass(client, server, 'up').catch(() => this.#end(pair))
    void this.#pass(server, client, 'down').catch(() => this.#end(pair))
  }

  /** At the pace of the one who reads: a wire holds no more than the buffers of its ends. */
  async #pass(from: Socket, to: Socket, direction: Direction): Promise<void> {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      if (this.#delay > 0) await delay(this.#delay)
      if (this.#rate < Number.POSITIVE_INFINITY) await delay((chunk.length / this.#rate) * 1_000)
      while (this.#held === direction && !to.destroyed) await delay(5)
      if (this.#swallowed === direction) continue
      if (to.destroyed) return
      if (!to.write(chunk)) await drained(to)
    }
    if (this.#swallowed !== direction) to.end()
  }

  #end(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return
    pair.client.destroy()
    pair.server.destroy()
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}
