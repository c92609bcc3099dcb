import { createClient, type RedisClientOptions } from 'redis'
import { systemClock } from '../../base/clock.ts'
import { MillraceError, type OnError } from '../../base/errors.ts'

export type Client = ReturnType<typeof createClient>

interface Waiter {
  resolve(): void
  reject(error: MillraceError): void
}

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
  readonly #waiting = new Set<Waiter>()
  /** Each loss is told once, not each attempt. */
  #isLost = false
  #isClosed = false

  constructor(options: RedisClientOptions, onError: OnError) {
    this.#onError = onError
    this.client = createLazyClient({
      ...options,
      disableOfflineQueue: true,
      // The client's default is an AbortSignal and a timer for every command, which cost a third of a publish. Nothing is queued
      // while the connection is away, and one that is silent is given up.
      commandOptions: { timeout: 0, ...options.commandOptions },
      pingInterval,
      socket: {
        socketTimeout: silence,
        reconnectStrategy: (retries: number) => !this.#isClosed && delayOf(retries),
        ...options.socket,
      },
    } as RedisClientOptions)
    this.client.on('ready', () => {
      this.#isLost = false
      for (const { resolve } of this.#waiting) resolve()
    })
    this.client.on('error', (error) => this.#lose(error))
    // Its own attempts to connect never end, so it rejects only when it is closed meanwhile.
    this.client.connect().catch((error) => this.#lose(error))
  }

  /** @throws {MillraceError} `broker_unavailable` when it is not there within `ms` */
  async ready(ms: number): Promise<void> {
    if (this.client.isReady) return
    await new Promise<void>((resolve, reject) => {
      const end = (settle: () => void) => {
        cancel()
        this.#waiting.delete(waiter)
        settle()
      }
      const waiter: Waiter = { resolve: () => end(resolve), reject: (error) => end(() => reject(error)) }
      const cancel = systemClock.after(ms, () => waiter.reject(unavailable(`Redis could not be reached for ${ms} ms.`)))
      this.#waiting.add(waiter)
    })
  }

  close(): void {
    for (const { reject } of this.#waiting) reject(new MillraceError('broker_closed', 'The broker is closed.'))
    this.#isClosed = true
    // The client cannot destroy a connection that is still being made: it would come about all the same.
    if (this.client.isReady) this.client.destroy()
    else this.client.once('ready', () => this.client.destroy())
  }

  #lose(error: unknown): void {
    if (this.#isLost || this.#isClosed) return
    this.#isLost = true
    const why = error instanceof Error ? error.message : String(error)
    this.#onError(unavailable(`Redis cannot be reached (${why}). It is tried again until it can be.`, error))
  }
}

/** @throws {MillraceError} `option_invalid`, without the URL, which may hold a password */
function createLazyClient(options: RedisClientOptions): Client {
  try {
    return createClient(options) as Client
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new MillraceError(
      'option_invalid',
      `The options for Redis cannot be used: ${why}. A URL is redis://host:6379.`,
    )
  }
}

function unavailable(what: string, cause?: unknown): MillraceError {
  return new MillraceError('broker_unavailable', what, { cause })
}

function delayOf(retries: number): number {
  const delay = Math.min(mostDelay, firstDelay * 2 ** Math.min(retries, 10))
  return delay / 2 + Math.random() * (delay / 2)
}
