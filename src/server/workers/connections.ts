import type { Server, Socket } from 'node:net'
import { endOfTurn } from '../../base/turn.ts'

/** How often it is looked whether a connection has come to something, in ms. */
const look = 20

/** The connections that a worker was handed. */
export class Connections {
  readonly #open = new Set<Socket>()
  readonly #entrance: Server
  readonly #tell: (taken: number, left: number) => void
  #taken = 0
  #left = 0

  /** @param tell Hears, at the end of each turn in which it changed, how many have arrived and how many have ended. */
  constructor(entrance: Server, tell: (taken: number, left: number) => void) {
    this.#entrance = entrance
    this.#tell = tell
    // A server that does not listen itself would not look after slow senders otherwise.
    entrance.emit('listening')
  }

  /** Undefined for one that was gone before it arrived. */
  take(socket: Socket | undefined): void {
    this.#count(1, 0)
    if (socket === undefined) {
      this.#count(0, 1)
      return
    }
    // As the sockets of an HTTP server are that has accepted them itself.
    socket.allowHalfOpen = true
    this.#open.add(socket)
    socket.once('close', () => {
      this.#open.delete(socket)
      this.#count(0, 1)
    })
    this.#entrance.emit('connection', socket)
  }

  /** Waits until there is none on which nothing was asked yet, and closes those that are left after `ms`. */
  async settle(ms: number): Promise<void> {
    const end = Date.now() + ms
    while (this.#unused().length > 0 && Date.now() < end) await wait(look)
    for (const socket of this.#unused()) socket.destroy()
  }

  /** Waits until all have ended, and closes those that are left after `ms`. */
  async end(ms: number): Promise<void> {
    const end = Date.now() + ms
    while (this.#open.size > 0 && Date.now() < end) await wait(look)
    for (const socket of this.#open) socket.destroy()
  }

  #unused(): Socket[] {
    return [...this.#open].filter(({ bytesRead }) => bytesRead === 0)
  }

  #count(taken: number, left: number): void {
    if (this.#taken + this.#left === 0)
      endOfTurn(() => {
        this.#tell(this.#taken, this.#left)
        this.#taken = this.#left = 0
      })
    this.#taken += taken
    this.#left += left
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
