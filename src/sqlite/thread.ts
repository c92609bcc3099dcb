import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'

/** What a thread answers where it could not do what it was asked. */
export interface ThreadFailure {
  readonly kind: 'failed'
  readonly error: Error
}

interface Message {
  readonly kind: string
}

interface Pending {
  resolve(reply: Message): void
  reject(error: unknown): void
}

/** In MiB. A batch is short-lived, and a larger young generation only keeps more of it in memory. */
const youngGeneration = 8

/**
 * A thread that works on an SQLite file, seen from the one that asks it to. It answers each request in turn, with one reply: `Replies`
 * says which, by the kind of the request.
 */
export class DatabaseThread<Request extends Message, Replies extends Readonly<Record<Request['kind'], Message>>> {
  readonly #worker: Worker
  readonly #pending: Pending[] = []
  readonly #onEnd: (error: unknown) => void
  #isClosing = false
  #isEnded = false
  #failure: unknown

  /**
   * @param name In package.json, because a thread can only run what was compiled: our tests run the sources
   * @param onEnd Hears of it when the thread ends although nobody has closed it: nothing more can be written.
   */
  constructor(name: string, settings: unknown, onEnd: (error: unknown) => void) {
    this.#onEnd = onEnd
    this.#worker = new Worker(createRequire(import.meta.url).resolve(name), {
      workerData: settings,
      // Those of the process may be of no use to it: with --input-type it would not start.
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: youngGeneration },
    })
    this.#worker.on('message', (reply: Message) => this.#receive(reply))
    this.#worker.on('error', (error) => {
      this.#failure = error
    })
    this.#worker.on('exit', () => this.#end())
    this.#worker.unref()
  }

  /** Rejects with what went wrong in the thread; nothing was written then. */
  ask<Kind extends Request['kind']>(
    request: Request & { readonly kind: Kind },
    handedOver: readonly ArrayBuffer[] = [],
  ): Promise<Replies[Kind]> {
    return new Promise((resolve, reject) => {
      if (this.#isEnded) {
        reject(this.#reason())
        return
      }
      // While something is asked, the process has to stay for the answer.
      if (this.#pending.push({ resolve: resolve as Pending['resolve'], reject }) === 1) this.#worker.ref()
      this.#worker.postMessage(request, handedOver)
    })
  }

  /** @param last What the thread is asked to end with; undefined is answered where it has ended already. */
  async close<Kind extends Request['kind']>(
    last: Request & { readonly kind: Kind },
  ): Promise<Replies[Kind] | undefined> {
    if (this.#isEnded) return undefined
    this.#isClosing = true
    const reply = await this.ask(last)
    await this.#worker.terminate()
    return reply
  }

  #receive(reply: Message | ThreadFailure): void {
    const pending = this.#pending.shift()
    if (this.#pending.length === 0) this.#worker.unref()
    if ('error' in reply) pending?.reject(reply.error)
    else pending?.resolve(reply)
  }

  #end(): void {
    this.#isEnded = true
    for (const pending of this.#pending.splice(0)) pending.reject(this.#reason())
    if (!this.#isClosing) this.#onEnd(this.#reason())
  }

  #reason(): unknown {
    return this.#failure ?? new Error('the thread that writes it has ended')
  }
}
