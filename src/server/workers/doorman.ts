import { createServer, type Server, type Socket } from 'node:net'
import { listen } from '../address.ts'
import type { Worker } from './worker.ts'

/** Connections that wait for a worker: all are starting, or busy. Past it they are closed, and their readers come back. */
const maxWaiting = 50_000

/**
 * Accepts the connections of all workers, and hands each to the worker that has the fewest.
 *
 * Not to one after the other: streams last, and a worker that was started later would have fewer for as long as they do.
 */
export class Doorman {
  readonly #server: Server
  readonly #workers = new Set<Worker>()
  #waiting: Socket[] = []
  /** Those before this index have been handed out; the array is cut when they are half of it. */
  #first = 0

  constructor() {
    // Nothing is read here. The rest is as an HTTP server has it.
    this.#server = createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: true }, (socket) =>
      this.#take(socket),
    )
  }

  /** Resolves with the URL. @throws {MillraceError} `address_unavailable` */
  listen(host: string, port: number): Promise<string> {
    return listen(this.#server, host, port)
  }

  add(worker: Worker): void {
    this.#workers.add(worker)
    this.handOut()
  }

  /** Nothing is handed to it any more. */
  remove(worker: Worker): void {
    this.#workers.delete(worker)
  }

  /** Connections that a worker has not taken. */
  takeBack(sockets: readonly Socket[]): void {
    for (const socket of sockets) this.#take(socket)
  }

  /** Hands out what waits, as far as there is room. */
  handOut(): void {
    while (this.#first < this.#waiting.length) {
      const worker = this.#next()
      if (worker === undefined) break
      const socket = this.#waiting[this.#first++]
      if (socket !== undefined) worker.hand(socket)
    }
    if (this.#first * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first)
      this.#first = 0
    }
  }

  /** Accepts nothing more, and closes what waits. */
  close(): void {
    this.#server.close()
    for (const socket of this.#waiting.slice(this.#first)) socket.destroy()
    this.#waiting = []
    this.#first = 0
  }

  #take(socket: Socket): void {
    if (this.#waiting.length - this.#first >= maxWaiting || !this.#server.listening) socket.destroy()
    else {
      this.#waiting.push(socket)
      this.handOut()
    }
  }

  #next(): Worker | undefined {
    let fewest: Worker | undefined
    for (const worker of this.#workers)
      if (worker.hasRoom && (fewest === undefined || worker.connections < fewest.connections)) fewest = worker
    return fewest
  }
}
