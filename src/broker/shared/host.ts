import type { OnError } from '../../base/errors.ts'
import type { Broker, Entry, Follower, Following } from '../port.ts'
import { type Fault, toFault } from './fault.ts'
import type { Link } from './link.ts'
import { decodeLine, encodeLine, type Notice, type Request } from './messages.ts'
import { LineOutbox } from './outbox.ts'

export interface HostOptions {
  /**
   * How much may wait for a user that does not read, in bytes or UTF-16 code units. Past it nothing more is announced to it until all of
   * that has gone; then it is told so, and reads what it has missed from the log.
   *
   * @default 16 MiB
   */
  readonly maxWaiting?: number
  /** Hears what the broker tells its followers of failures. */
  readonly onError: OnError
}

const defaultMaxWaiting = 16 * 1024 * 1024

/**
 * Lets the other end of `link` use `broker`, as {@link sharedBroker} there. Ends when the link is closed: what the other end
 * followed is let go, and what it has appended stays.
 */
export function hostBroker(broker: Broker, link: Link, options: HostOptions): void {
  new Host(broker, link, options)
}

class Host implements Follower {
  readonly #broker: Broker
  readonly #outbox: LineOutbox
  readonly #following: Following
  readonly #maxWaiting: number
  readonly #onError: OnError
  /** The other end does not keep up, and is told nothing now. */
  #isCut = false
  /** The broker itself is. */
  #isInterrupted = false
  /** Follows that are to be confirmed when announcements go out again. */
  #unconfirmed: number[] = []

  constructor(broker: Broker, link: Link, { maxWaiting = defaultMaxWaiting, onError }: HostOptions) {
    this.#broker = broker
    this.#maxWaiting = maxWaiting
    this.#onError = onError
    this.#outbox = new LineOutbox(link)
    this.#following = broker.attach(this)
    link.onLines((lines) => {
      for (const line of lines) this.#take(decodeLine(line))
    })
    link.onDrain(() => this.#resume())
    link.onClose(() => void this.#following.close().catch(onError))
  }

  onEntry(entry: Entry): void {
    if (this.#isCut) return
    if (this.#outbox.waiting > this.#maxWaiting) {
      this.#isCut = true
      if (!this.#isInterrupted) this.#send(['interrupted'])
      return
    }
    this.#outbox.push(lineOf(entry))
  }

  onInterrupted(): void {
    this.#isInterrupted = true
    if (!this.#isCut) this.#send(['interrupted'])
  }

  onResumed(): void {
    this.#isInterrupted = false
    if (!this.#isCut) this.#send(['resumed'])
  }

  onError(error: unknown): void {
    this.#onError(error)
  }

  #resume(): void {
    if (!this.#isCut) return
    this.#isCut = false
    for (const number of this.#unconfirmed.splice(0)) this.#send(['done', number, null])
    if (!this.#isInterrupted) this.#send(['resumed'])
  }

  #take(request: Request): void {
    switch (request[0]) {
      case 'append':
        this.#answer(request[1], this.#broker.append(request[2]))
        break
      case 'read':
        this.#answer(request[1], this.#broker.read(request[2], request[3], request[4]))
        break
      case 'head':
        this.#answer(request[1], this.#broker.head())
        break
      case 'follow':
        void this.#follow(request[1], request[2])
        break
      case 'unfollow':
        this.#following.unfollow(request[1])
        break
    }
  }

  #answer(number: number, result: Promise<unknown>): void {
    result.then(
      (value) => this.#send(['done', number, value]),
      (error: unknown) => this.#fail(number, toFault(error)),
    )
  }

  async #follow(number: number, channel: string): Promise<void> {
    try {
      await this.#following.follow(channel)
    } catch (error) {
      this.#fail(number, toFault(error))
      return
    }
    if (this.#isCut) this.#unconfirmed.push(number)
    else this.#send(['done', number, null])
  }

  #fail(number: number, fault: Fault): void {
    this.#send(['failed', number, fault])
  }

  #send(notice: Notice): void {
    this.#outbox.push(encodeLine(notice))
  }
}

let latest: { readonly entry: Entry; readonly line: string } | undefined

/** A broker announces an entry to one follower after the other, so it is encoded once for all of them. */
function lineOf(entry: Entry): string {
  if (latest?.entry !== entry) latest = { entry, line: encodeLine(['entry', entry]) }
  return latest.line
}
