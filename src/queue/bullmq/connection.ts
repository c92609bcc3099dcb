import { systemClock } from '../../base/clock.ts'
import { MillraceError, type OnError } from '../../base/errors.ts'
import { type ConnectionOptions, type Library, loadIoredis, type RedisClient, type RedisOptions } from './library.ts'
import { within } from './within.ts'

/** Wait before the next attempt to connect, in ms: doubled each time up to the most. */
const firstDelay = 50
const mostDelay = 1_000

/** How long an answer is waited for when the time to begin is over, in ms. */
const answerTime = 2_000

/** How long a client may take to say goodbye, in ms. */
const farewellTime = 1_000

type Given = string | ConnectionOptions

/**
 * The client that jobs are added and asked for with, and that of the workers.
 *
 * One that we open is both. One that is the application's stays as it is: its workers get a copy, since BullMQ has rules for theirs. What
 * we opened is closed, and nothing else.
 */
export class Connection {
  readonly client: RedisClient
  readonly #isOwn: boolean
  readonly #onError: OnError
  readonly #waiting = new Set<() => void>()
  readonly #opened: RedisClient[] = []
  #workClient: RedisClient | undefined
  /** Each outage is told once, not each attempt. */
  #isTold = false
  #isClosed = false
  readonly #onReady = () => {
    this.#isTold = false
    for (const go of this.#waiting) go()
  }
  readonly #onClientError = (error: unknown) => this.tell(error)

  /** @throws {MillraceError} `option_invalid`, `dependency_missing` */
  constructor(library: Library, given: Given, onError: OnError) {
    const theirs = clientOf(library, given)
    this.#isOwn = theirs === undefined
    this.#onError = onError
    this.client = theirs ?? this.#keep(openClient(library, given))
    this.client.on('ready', this.#onReady)
    if (theirs !== undefined) theirs.on('error', this.#onClientError)
    if (this.client.status === 'wait') this.client.connect().catch(this.#onClientError)
  }

  get workClient(): RedisClient {
    // BullMQ refuses workers whose commands give up, and ours may wait for as long as Redis is away.
    this.#workClient ??= this.#isOwn
      ? this.client
      : this.#keep(this.client.duplicate({ maxRetriesPerRequest: null, enableOfflineQueue: true }))
    return this.#workClient
  }

  /**
   * What `ask` answers, once Redis is there.
   *
   * @param wait How long Redis may be away before it is asked, in ms. Once it was asked it has 2 s more.
   * @throws {MillraceError} `queue_unavailable`, `queue_closed`
   */
  async call<T>(wait: number, ask: () => Promise<T>): Promise<T> {
    const begin = systemClock.now()
    // Not given to a client that is away: it would be kept there without limit, and done long after whoever asked has gone.
    if (!(await this.#ready(wait))) throw unavailable(`Redis could not be reached for ${wait} ms. Nothing was sent`)
    const left = Math.max(0, wait - (systemClock.now() - begin)) + answerTime
    const answer = ask()
    let cancel = () => {}
    const late = new Promise<never>((_, reject) => {
      cancel = systemClock.after(left, () => {
        reject(unavailable(`Redis has not answered for ${left} ms. It may have been done all the same`))
        this.#renew()
      })
    })
    try {
      return await Promise.race([answer, late])
    } catch (cause) {
      if (this.#isClosed) throw closed()
      throw cause instanceof MillraceError ? cause : unavailable(`Redis did not do it: ${reasonOf(cause)}`, cause)
    } finally {
      cancel()
    }
  }

  /** Tells of an outage, the first time. */
  tell(error: unknown): void {
    if (this.#isTold || this.#isClosed) return
    this.#isTold = true
    this.#onError(unavailable(`Redis cannot be reached (${reasonOf(error)}). It is tried again until it can be`, error))
  }

  /** Resolves when it is there, for as long as that takes; with false when it is closed before. */
  readyForWork(): Promise<boolean> {
    return this.#ready(Number.POSITIVE_INFINITY)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const go of this.#waiting) go()
    this.client.off('ready', this.#onReady)
    await Promise.all(this.#opened.map(endClient))
    if (!this.#isOwn) this.client.off('error', this.#onClientError)
  }

  async #ready(wait: number): Promise<boolean> {
    if (this.#isClosed) throw closed()
    if (this.client.status === 'ready') return true
    await new Promise<void>((resolve) => {
      const cancel = Number.isFinite(wait) ? systemClock.after(wait, () => go()) : () => {}
      const go = () => {
        cancel()
        this.#waiting.delete(go)
        resolve()
      }
      this.#waiting.add(go)
    })
    if (this.#isClosed) throw closed()
    return this.client.status === 'ready'
  }

  /** A connection that is silent may never find out by itself: the other end is gone without a word. */
  #renew(): void {
    if (this.#isOwn && !this.#isClosed && this.client.status === 'ready') this.client.disconnect(true)
  }

  #keep(client: RedisClient): RedisClient {
    this.#opened.push(client)
    client.on('error', this.#onClientError)
    return client
  }
}

/** The application's client, as BullMQ takes it; or undefined, where there are only options. */
function clientOf(library: Library, given: Given): RedisClient | undefined {
  if (typeof given === 'string') return undefined
  if (library.isIRedisClient(given)) return given
  if (typeof given.defineCommand === 'function') return library.createIORedisClient(given as never)
  if (typeof given.sendCommand === 'function') return library.createNodeRedisClient(given)
  return undefined
}

function openClient(library: Library, given: Given): RedisClient {
  const { url, ...options }: RedisOptions = typeof given === 'string' ? { url: given } : given
  if (url !== undefined && !/^rediss?:\/\//.test(url)) {
    // Not quoted: it may hold a password.
    throw new MillraceError('option_invalid', 'The URL of the queue on Redis cannot be used: give redis://host:6379.')
  }
  const { Redis } = loadIoredis()
  const all = {
    keepAlive: 5_000,
    connectTimeout: 5_000,
    retryStrategy: (attempts: number) => Math.min(mostDelay, firstDelay * 2 ** Math.min(attempts - 1, 10)),
    // A master that was demoted: the address may lead to the new one by now. 2: the command is sent again.
    reconnectOnError: (error: Error): false | 2 => (error.message.startsWith('READONLY') ? 2 : false),
    ...options,
    // As BullMQ demands of a worker's.
    maxRetriesPerRequest: null,
    enableOfflineQueue: true,
  }
  return library.createIORedisClient((url === undefined ? new Redis(all) : new Redis(url, all)) as never)
}

async function endClient(client: RedisClient): Promise<void> {
  if (client.status === 'ready') {
    // One that cannot say goodbye is cut off.
    const goodbye = client.quit().catch(() => {})
    await within(farewellTime, goodbye)
  }
  if (client.status !== 'end') client.disconnect()
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error)
}

export function unavailable(what: string, cause?: unknown): MillraceError {
  return new MillraceError('queue_unavailable', `${what}.`, cause === undefined ? {} : { cause })
}

export function closed(): MillraceError {
  return new MillraceError('queue_closed', 'The queue is closed.')
}
