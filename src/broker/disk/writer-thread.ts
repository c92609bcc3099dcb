import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { WriterReply, WriterRequest, WriterSettings } from './writer-messages.ts'

interface Pending {
  resolve(reply: WriterReply): void
  reject(error: unknown): void
}

/** In MiB. A batch is short-lived, and a larger young generation only keeps more of it in memory. */
const youngGeneration = 8

/** The thread that writes the log, seen from the one that asks it to. */
export class WriterThread {
  readonly #worker: Worker
  readonly #pending: Pending[] = []
  readonly #onEnd: (error: unknown) => void
  #isClosing = false
  #isEnded = false
  #failure: unknown

  /** @param onEnd Hears of it when the thread ends although nobody has closed it: nothing more can be written. */
  constructor(settings: WriterSettings, onEnd: (error: unknown) => void) {
    this.#onEnd = onEnd
    // By the name in package.json, because a thread can only run what was compiled: our tests run the sources.
    this.#worker = new Worker(createRequire(import.meta.url).resolve('#disk-writer'), {
      workerData: settings,
      resourceLimits: { maxYoungGenerationSizeMb: youngGeneration },
    })
    this.#worker.on('message', (reply: WriterReply) => this.#receive(reply))
    this.#worker.on('error', (error) => {
      this.#failure = error
    })
    this.#worker.on('exit', () => this.#end())
    this.#worker.unref()
  }

  /** Rejects with what went wrong in the thread; nothing was written then. */
  ask<K extends WriterRequest['kind']>(
    request: WriterRequest & { readonly kind: K },
    handedOver: readonly ArrayBuffer[] = [],
  ): Promise<ReplyTo<K>> {
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

  async close(): Promise<void> {
    if (this.#isEnded) return
    this.#isClosing = true
    await this.ask({ kind: 'close' })
    await this.#worker.terminate()
  }

  #receive(reply: WriterReply): void {
    const pending = this.#pending.shift()
    if (this.#pending.length === 0) this.#worker.unref()
    if (reply.kind === 'failed') pending?.reject(reply.error)
    else pending?.resolve(reply)
  }

  #end(): void {
    this.#isEnded = true
    for (const pending of this.#pending.splice(0)) pending.reject(this.#reason())
    if (!this.#isClosing) this.#onEnd(this.#reason())
  }

  #reason(): unknown {
    return this.#failure ?? new Error('the thread that writes the log has ended')
  }
}

interface Replies {
  readonly append: 'appended'
  readonly sweep: 'swept'
  readonly close: 'closed'
}

type ReplyTo<K extends WriterRequest['kind']> = Extract<WriterReply, { readonly kind: Replies[K] }>
