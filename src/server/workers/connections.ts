import type { Server, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { endOfTurn } from '../../base/turn.ts'

/** How often it is looked how many are left, in ms. */
const look = 20

/** The connections that a worker was handed. */
export class Connections {
  readonly #open = new Set<Socket>()
  readonly #entrance: Server
  readonly #tell: (taken: number, left: number) => void
  /** One for all of them, who are many. */
  readonly #forget: (this: Socket) => void
  #taken = 0
  #left = 0

  /** @param tell Hears, at the end of each turn in which it changed, how many have arrived and how many have ended. */
  constructor(entrance: Server, tell: (taken: number, left: number) => void) {
    this.#entrance = entrance
    this.#tell = tell
    const forget = (socket: Socket) => {
      this.#open.delete(socket)
      this.#count(0, 1)
    }
    this.#forget = function () {
      forget(this)
    }
    // A server that does not listen itself would not look after slow senders otherwise.
    entrance.emit('listening')
  }

  /** Undefined for one that was gone before it arrived. */
  take(socket: Socket | undefined): void {
    this.#count(1, socket === undefined ? 1 : 0)
    if (socket === undefined) return
    // As the sockets of an HTTP server are that has accepted them itself.
    socket.allowHalfOpen = true
    this.#open.add(socket)
    socket.once('close', this.#forget)
    this.#entrance.emit('connection', socket)
  }

  /** Waits until at most as many are open as `most` says, for `ms` at most. */
  async fall(most: () => number, ms: number): Promise<void> {
    const end = Date.now() + ms
    while (this.#open.size > most() && Date.now() < end) await delay(look)
  }

  closeAll(): void {
    for (const socket of this.#open) socket.destroy()
  }

  #count(taken: number, left: number): void {
    if (this.#taken + this.#left === 0) {
      endOfTurn(() => {
        this.#tell(this.#taken, this.#left)
        this.#taken = this.#left = 0
      })
    }
    this.#taken += taken
    this.#left += left
  }
}
