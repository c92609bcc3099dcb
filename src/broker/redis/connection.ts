import { createClient, type RedisClientOptions } from 'redis'
import { MillraceError, type OnError } from '../../base/errors.ts'

export type Client = ReturnType<typeof createClient>

/** Wait before the next attempt to connect, in ms: doubled each time up to the most, and some of it by chance. */
const firstDelay = 50
const mostDelay = 1_000

/** A connection that is silent for this long although it is pinged is taken for dead, in ms. */
const pingInterval = 5_000
const silence = 15_000

/**
 * A connection to Redis that is made again whenever it is lost.
 *
 * Nothing is queued for it while it is away: whoever needs it waits with {@link ready}, for as long as they choose.
 */
export class Connection {
  readonly client: Client
  readonly #onError: OnError
  #waiting: (() => void)[] = []
  /** Each loss is told once, not each attempt. */
  #isLost = false

  constructor(options: RedisClientOptions, onError: OnError) {
    this.#onError = onError
    this.client = createClient({
      ...options,
      disableOfflineQueue: true,
      pingInterval,
      socket: { socketTimeout: silence, reconnectStrategy, ...options.socket },
    } as RedisClientOptions) as Client
    this.client.on('ready', () => {
      this.#isLost = false
      const waiting = this.#waiting
      this.#waiting = []
      for (const resolve of waiting) resolve()
    })
    this.client.on('error', (error) => this.#lose(error))
    // Its own attempts to connect never end, so it rejects only when it is closed meanwhile.
    this.client.connect().catch((error) => this.#lose(error))
  }

  get isReady(): boolean {
    return this.client.isReady
  }

  /** @throws {MillraceError} `broker_unavailable` when it is not there within `ms` */
  async ready(ms: number): Promise<void> {
    if (this.client.isReady) return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#unavailable(ms)), ms)
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  close(): void {
    if (this.client.isOpen) this.client.destroy()
  }

  #lose(error: unknown): void {
    if (this.#isLost || !this.client.isOpen) return
    this.#isLost = true
    const message = 'Redis cannot be reached. It is tried again until it can be.'
    this.#onError(new MillraceError('broker_unavailable', message, { cause: error }))
  }

  #unavailable(ms: number): MillraceError {
    return new MillraceError('broker_unavailable', `Redis could not be reached for ${ms} ms. Try again later.`)
  }
}

function reconnectStrategy(retries: number): number {
  const delay = Math.min(mostDelay, firstDelay * 2 ** Math.min(retries, 10))
  return delay / 2 + Math.random() * (delay / 2)
}
