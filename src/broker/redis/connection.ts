import { createClient, type RedisClientOptions } from 'redis'
import { systemClock } from '../../base/clock.ts'
import { MillraceError, messageOf, type OnError } from '../../base/errors.ts'

export type Client = ReturnType<typeof createClient>

/** Who has to do something at each beginning and end of a connection. */
export interface ConnectionListener {
  /** With a client that knows nothing of the one before. */
  onReady(client: Client): void
  onLost(): void
}

interface Waiter {
  resolve(): void
  reject(error: MillraceError): void
}

/** Wait before the next attempt to connect, in ms: doubled each time up to the most, and some of it by chance. */
const firstDelay = 50
const mostDelay = 1_000

/** How long a client that was given up may take for its last answers, in ms. */
const longestFarewell = 2_000

/** A connection that has held for this long has ended the outage before it, in ms. */
const settled = 5_000

/** A connection that is silent for this long although it is pinged is taken for dead, in ms. */
const pingInterval = 5_000
const silence = 15_000

/**
 * A connection to Redis that is made again whenever it is lost, or {@link drop}ped: the address may lead to another server by then.
 *
 * Each time with a client of its own, so that nothing of the one before is taken for granted. Nothing is queued for it while it is
 * away: whoever needs it waits with {@link ready}, for as long as they choose.
 */
export class Connection {
  readonly #options: RedisClientOptions
  readonly #onError: OnError
  readonly #listeners: ConnectionListener[] = []
  readonly #waiting = new Set<Waiter>()
  #client: Client
  /** That client has been given up, and the next is on its way: it may fail in several ways at once. */
  #isRenewing = false
  #readyAt: number | undefined
  #attempts = 0
  #endDelay = () => {}
  /** Each outage is told once, not each attempt. */
  #isTold = false
  #isClosed = false

  /** @throws {MillraceError} `option_invalid` */
  constructor(options: RedisClientOptions, onError: OnError) {
    this.#onError = onError
    this.#options = {
      ...options,
      disableOfflineQueue: true,
      // The client's default is an AbortSignal and a timer for every command, which cost a third of a publish. Nothing is queued
      // while the connection is away, and one that is silent is given up.
      commandOptions: { timeout: 0, ...options.commandOptions },
      pingInterval,
      socket: { socketTimeout: silence, ...options.socket, reconnectStrategy: false },
    } as RedisClientOptions
    this.#client = this.#connect()
  }

  get client(): Client {
    return this.#client
  }

  get isReady(): boolean {
    return this.#readyAt !== undefined
  }

  listen(listener: ConnectionListener): void {
    this.#listeners.push(listener)
  }

  /** @throws {MillraceError} `broker_unavailable` when it is not there within `ms` */
  async ready(ms: number): Promise<void> {
    if (this.isReady) return
    await new Promise<void>((resolve, reject) => {
      const end = (settle: () => void) => {
        cancel()
        this.#waiting.delete(waiter)
        settle()
      }
      const waiter: Waiter = { resolve: () => end(resolve), reject: (error) => end(() => reject(error)) }
      const cancel = systemClock.after(ms, () =>
        waiter.reject(unavailable(`Redis could not be reached for ${ms} ms. Nothing was sent.`)),
      )
      this.#waiting.add(waiter)
    })
  }

  /** To be told that the server behind it does what it should: whatever was wrong is over. */
  prove(): void {
    this.#attempts = 0
    this.#isTold = false
  }

  /** Gives up this client, if it is still the one, and connects anew. What waits for its answers is told so. */
  drop(client: Client, why: unknown): void {
    // The client tells them by itself why, if it is what has failed.
    this.#renew(client, why, () => queueMicrotask(() => client.destroy()))
  }

  /** The same, but leaves it the time to answer what it has been sent already. */
  retire(client: Client, why: unknown): void {
    this.#renew(client, why, () => {
      const cancel = systemClock.after(longestFarewell, () => client.destroy())
      client
        .close()
        .catch(() => client.destroy())
        .finally(cancel)
    })
  }

  #renew(client: Client, why: unknown, end: () => void): void {
    if (!this.#isInUse(client)) return
    this.#isRenewing = true
    const wasReady = this.isReady
    if (this.#readyAt !== undefined && systemClock.now() - this.#readyAt >= settled) this.prove()
    this.#readyAt = undefined
    end()
    this.#tell(why)
    this.#reconnectIn(delayOf(this.#attempts++))
    if (wasReady) for (const { onLost } of this.#listeners) onLost()
  }

  close(): void {
    for (const { reject } of this.#waiting) reject(new MillraceError('broker_closed', 'The broker is closed.'))
    this.#isClosed = true
    this.#endDelay()
    this.#client.destroy()
  }

  #connect(): Client {
    const client = createLazyClient(this.#options)
    client.on('ready', () => {
      // A client that is still connecting cannot be destroyed: its connection comes about all the same.
      if (this.#isInUse(client)) this.#begin(client)
      else client.destroy()
    })
    client.on('error', (error) => this.drop(client, error))
    client.connect().catch((error) => this.drop(client, error))
    return client
  }

  #isInUse(client: Client): boolean {
    return client === this.#client && !this.#isRenewing && !this.#isClosed
  }

  #begin(client: Client): void {
    this.#readyAt = systemClock.now()
    for (const { onReady } of this.#listeners) onReady(client)
    for (const { resolve } of this.#waiting) resolve()
  }

  /** Not by the clock of the house, whose timers let the process end: somebody may be waiting for this. */
  #reconnectIn(ms: number): void {
    const timer = setTimeout(() => {
      this.#isRenewing = false
      this.#client = this.#connect()
    }, ms)
    this.#endDelay = () => clearTimeout(timer)
  }

  #tell(error: unknown): void {
    if (this.#isTold) return
    this.#isTold = true
    const why = messageOf(error)
    this.#onError(unavailable(`Redis cannot be reached (${why}). It is tried again until it can be.`, error))
  }
}

/** @throws {MillraceError} `option_invalid`, without the URL, which may hold a password */
function createLazyClient(options: RedisClientOptions): Client {
  try {
    return createClient(options) as Client
  } catch (cause) {
    const why = messageOf(cause)
    throw new MillraceError(
      'option_invalid',
      `The options for Redis cannot be used: ${why}. A URL is redis://host:6379.`,
    )
  }
}

function unavailable(what: string, cause?: unknown): MillraceError {
  return new MillraceError('broker_unavailable', what, { cause })
}

function delayOf(attempts: number): number {
  const delay = Math.min(mostDelay, firstDelay * 2 ** Math.min(attempts, 10))
  return delay / 2 + Math.random() * (delay / 2)
}
