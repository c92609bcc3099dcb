import { type OnError, warn } from '../../base/errors.ts'
import { memory } from '../../broker/memory/memory.ts'
import type { Broker } from '../../broker/port.ts'
import { hostBroker } from '../../broker/shared/host.ts'
import { openDisk } from '../broker.ts'
import { assertOptions } from '../hub.ts'
import type { ServerOptions } from '../options.ts'
import { Doorman } from './doorman.ts'
import { Slot, type SlotContext } from './slot.ts'
import { socketLink } from './socket-link.ts'
import { Worker } from './worker.ts'

export interface FleetOptions extends ServerOptions {
  /** How many processes serve connections. */
  readonly workers: number
  /** Hears of each worker that begins or ends as it should; of others `onError` hears. */
  readonly onChange?: (change: WorkerChange) => void
}

export interface WorkerId {
  /** From 1. */
  readonly worker: number
  readonly pid: number
}

export interface WorkerChange extends WorkerId {
  readonly kind: 'started' | 'stopped'
}

/** The standalone hub in several processes: a primary, which is this one, and its workers. */
export interface Fleet {
  /** Where it listens, with the real port. */
  readonly url: string
  /** Those that serve. */
  readonly workers: readonly WorkerId[]
  /** Connections in all hubs. */
  subscribers(): Promise<number>
  /**
   * Replaces the workers, one after the other: each is ended over `drain` ms when another one serves in its place. Asked again
   * meanwhile, it does so once more afterwards.
   *
   * @throws what a new worker refused to start with, or `worker_died`: the old one goes on then, and so do those after it
   */
  restart(drain?: number): Promise<void>
  /** As that of a server in one process. @default 3_000 */
  close(drain?: number): Promise<void>
  /** Ends the workers at once. */
  kill(): void
}

/**
 * Starts the standalone hub in `workers` processes. Resolves when all of them serve.
 *
 * Messages are kept where `startServer` keeps them; a log in memory or on disk is the primary's, and the workers use it over a wire.
 *
 * @throws {MillraceError} as `startServer`, and `worker_died`
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { onError = warn, data, redis, host = '127.0.0.1', port = 3000 } = options
  assertOptions(options)
  const broker = redis === undefined ? await (data === undefined ? memory() : openDisk(data, onError)) : undefined
  const fleet = new Processes(options, broker)
  try {
    await fleet.open(host, port)
    return fleet
  } catch (error) {
    fleet.kill()
    await fleet.close(0)
    throw error
  }
}

class Processes implements Fleet {
  url = ''
  readonly #doorman = new Doorman()
  readonly #broker: Broker | undefined
  readonly #options: ServerOptions
  readonly #onError: OnError
  readonly #slots: readonly Slot[]
  #restarting: Promise<void> | undefined
  #again: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor({ workers, onChange = () => {}, onError = warn, ...options }: FleetOptions, broker: Broker | undefined) {
    const { maxSubscribers } = options
    this.#broker = broker
    this.#onError = onError
    // Each may have as many as the others: that is how they are handed out.
    this.#options =
      maxSubscribers === undefined ? options : { ...options, maxSubscribers: Math.ceil(maxSubscribers / workers) }
    const tell = (kind: WorkerChange['kind'], { number: worker, pid }: Worker) => onChange({ kind, worker, pid })
    const context: SlotContext = {
      start: (number) => this.#start(number),
      onServing: (worker) => {
        this.#doorman.add(worker)
        tell('started', worker)
      },
      onLeaving: (worker) => this.#doorman.remove(worker),
      onStopped: (worker) => tell('stopped', worker),
      onError,
    }
    this.#slots = Array.from({ length: workers }, (_, index) => new Slot(index + 1, context))
  }

  get workers(): WorkerId[] {
    return this.#serving().map(({ number: worker, pid }) => ({ worker, pid }))
  }

  async open(host: string, port: number): Promise<void> {
    // First of all, so that it is said at once where the port is taken; who connects waits until there are workers.
    this.url = await this.#doorman.listen(host, port)
    await Promise.all(this.#slots.map((slot) => slot.fill()))
  }

  async subscribers(): Promise<number> {
    const counts = await Promise.all(this.#serving().map((worker) => worker.countSubscribers()))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  restart(drain = 3_000): Promise<void> {
    if (this.#restarting === undefined) {
      this.#restarting = this.#renew(drain).finally(() => {
        this.#restarting = undefined
      })
      return this.#restarting
    }
    // What came to be after it had begun, such as another version, is to be in all of them.
    const again = () => {
      this.#again = undefined
      return this.restart(drain)
    }
    this.#again ??= this.#restarting.then(again, again)
    return this.#again
  }

  close(drain = 3_000): Promise<void> {
    this.#closing ??= this.#close(drain)
    return this.#closing
  }

  kill(): void {
    for (const slot of this.#slots) slot.kill()
  }

  async #renew(drain: number): Promise<void> {
    for (const slot of this.#slots) {
      if (this.#closing !== undefined) return
      try {
        await slot.renew(drain)
      } catch (error) {
        if (this.#closing === undefined) throw error
      }
    }
  }

  async #close(drain: number): Promise<void> {
    this.#doorman.close()
    await Promise.all(this.#slots.map((slot) => slot.close(drain)))
    await this.#broker?.close()
  }

  #start(number: number): Worker {
    const worker = new Worker({
      number,
      options: this.#options,
      isHosted: this.#broker !== undefined,
      onError: this.#onError,
      onRoom: () => this.#doorman.handOut(),
    })
    const { wire } = worker
    if (this.#broker !== undefined && wire !== undefined)
      hostBroker(this.#broker, socketLink(wire), { onError: this.#onError })
    void worker.ended.then(() => {
      this.#doorman.remove(worker)
      this.#doorman.takeBack(worker.takeBack())
    })
    return worker
  }

  #serving(): Worker[] {
    return this.#slots.map(({ serving }) => serving).filter((worker) => worker !== undefined)
  }
}
