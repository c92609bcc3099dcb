import { type ChildProcess, fork } from 'node:child_process'
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import { MillraceError, type OnError } from '../../base/errors.ts'
import { fromFault } from '../../broker/shared/fault.ts'
import type { ServerOptions } from '../options.ts'
import { brokerDescriptor, type ToPrimary, type ToWorker } from './control.ts'

/** Connections that were handed over and have not arrived. More of them are one turn's worth for a busy worker; each costs a scan of those before it. */
const window = 16

/** How long a worker may take to say how many subscribers it has, in ms. */
const patience = 250

/** How it ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface WorkerOptions {
  /** From 1. */
  readonly number: number
  readonly options: ServerOptions
  /** Whether the broker is the primary's. */
  readonly isHosted: boolean
  readonly onError: OnError
  /** Hears that it can be handed more connections. */
  readonly onRoom: () => void
}

interface Handed {
  readonly socket: Socket
  /** Whether the worker may have it. */
  isSent: boolean
}

/** A worker process, seen from the primary. */
export class Worker {
  readonly number: number
  /** Resolves when it can be handed connections. @throws what it refused to start with, or `worker_died` */
  readonly ready: Promise<void>
  /** Resolves when the process has ended. */
  readonly ended: Promise<Exit>
  /** Connections that it has, and those on their way to it. */
  connections = 0
  readonly #child: ChildProcess
  /** Handed over and not confirmed, in order. */
  #onTheWay: Handed[] = []
  #subscribers: (count: number) => void = () => {}
  /** Why it could not be started. */
  #failure: Error | undefined

  constructor({ number, options, isHosted, onError, onRoom }: WorkerOptions) {
    this.number = number
    // By the name in package.json, because only what was compiled can run: our tests run the sources.
    const path = createRequire(import.meta.url).resolve('#worker')
    const child = fork(path, [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...(isHosted ? (['pipe'] as const) : [])],
    })
    this.#child = child
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }))
      // Where it could not be started there is no exit; all other errors are followed by one.
      child.on('error', (error) => {
        if (child.pid !== undefined) return
        this.#failure = error
        resolve({ code: null, signal: null })
      })
    })
    this.ready = new Promise((resolve, reject) => {
      child.on('message', (message: ToPrimary) => {
        switch (message.kind) {
          case 'ready':
            resolve()
            break
          case 'refused':
            reject(fromFault(message.fault))
            this.kill()
            break
          case 'connections':
            // This process has it too until then: Node would never close its own of one that a dying worker has not taken.
            for (const { socket } of this.#onTheWay.splice(0, message.taken)) socket.destroy()
            this.connections -= message.left
            onRoom()
            break
          case 'subscribers':
            this.#subscribers(message.count)
            break
          case 'error':
            onError(fromFault(message.fault))
            break
        }
      })
      void this.ended.then((exit) => reject(this.toDeath(exit)))
    })
    // Who waits for it is told; and it may end long after that.
    this.ready.catch(() => {})
    this.#tell({ kind: 'start', worker: number, options, isHosted })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get hasRoom(): boolean {
    return this.#child.connected && this.#onTheWay.length < window
  }

  /** The wire to it, where its broker is the primary's and it could be started. */
  get wire(): Socket | undefined {
    // Node leaves all of `stdio` out where the system had no descriptors left.
    const { stdio } = this.#child as Partial<ChildProcess>
    return (stdio?.[brokerDescriptor] ?? undefined) as Socket | undefined
  }

  /** Hands a connection over, of which nothing was read yet. */
  hand(socket: Socket): void {
    const handed = { socket, isSent: false }
    this.connections++
    this.#onTheWay.push(handed)
    this.#tell({ kind: 'connection' }, socket, (error) => {
      handed.isSent = error === null
    })
  }

  /** What was to be handed over when it ended, and was not. Where it may have read of it, the connection is closed. */
  takeBack(): Socket[] {
    const onTheWay = this.#onTheWay.splice(0)
    for (const { socket, isSent } of onTheWay) if (isSent) socket.destroy()
    return onTheWay.filter(({ isSent }) => !isSent).map(({ socket }) => socket)
  }

  /** How many subscribers it has; 0 where it does not say so in time. */
  async countSubscribers(): Promise<number> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(0), patience)
      this.#subscribers = (count) => {
        clearTimeout(timer)
        resolve(count)
      }
      this.#tell({ kind: 'count' })
    })
  }

  /**
   * Ends its streams over `drain` ms, and then the process.
   *
   * @param isLeaving Whether others take over: then what was handed to it lately is served first.
   */
  close(drain: number, isLeaving: boolean): void {
    this.#tell({ kind: 'close', drain, isLeaving })
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Its end as an error. */
  toDeath({ code, signal }: Exit, more = ''): MillraceError {
    const { number: worker, pid } = this
    const ended = signal === null ? `has ended with ${code}` : `was ended by ${signal}`
    const how = this.#failure === undefined ? ended : `could not be started: ${this.#failure.message}`
    return new MillraceError('worker_died', `Worker ${worker} (pid ${pid}) ${how}.${more}`, {
      data: { worker, pid, code, signal },
    })
  }

  #tell(message: ToWorker, socket?: Socket, sent: (error: Error | null) => void = () => {}): void {
    // Where it cannot be told, it has ended or is about to.
    if (this.#child.connected) this.#child.send(message, socket, { keepOpen: true }, sent)
  }
}
