import { MillraceError } from '../../base/errors.ts'
import { endOfTurn } from '../../base/turn.ts'
import type { Broker, Follower, Following, Outgoing, Page, PageLimit, Position } from '../port.ts'
import { comparePositions, parsePosition, positionAt } from '../position.ts'
import { timelineOf } from '../timeline.ts'
import { SharedChannels } from './channels.ts'
import { fromFault } from './fault.ts'
import type { Link } from './link.ts'
import { decodeLine, encodeLine, type Notice, type Request } from './messages.ts'
import { LineOutbox } from './outbox.ts'

/** Appends that wait for the host hold at most so much, in UTF-16 code units. Past it they are refused. */
const maxWaiting = 64 * 1024 * 1024

interface Call {
  resolve(value: unknown): void
  reject(error: unknown): void
}

/**
 * A broker that another process has, at the other end of `link`, where {@link hostBroker} serves it: one whose positions have the
 * form `<ms>-<number>`, as those of the brokers in memory and on disk have.
 *
 * An acknowledged publish means what it means there. Closing this one ends its use of the other, which stays as it is.
 */
export function sharedBroker(link: Link): Broker {
  return new SharedBroker(link)
}

class SharedBroker implements Broker {
  readonly compare = comparePositions
  readonly parse = parsePosition
  readonly at = positionAt
  readonly timelineOf = timelineOf

  readonly #link: Link
  readonly #outbox: LineOutbox
  readonly #calls = new Map<number, Call>()
  readonly #channels: SharedChannels
  #lastCall = 0
  #head: Promise<Position> | undefined
  /** Why it can be asked nothing more. */
  #ended: MillraceError | undefined
  #idle: () => void = () => {}

  constructor(link: Link) {
    this.#link = link
    this.#outbox = new LineOutbox(link)
    this.#channels = new SharedChannels({
      follow: (channel) => this.#ask((number) => ['follow', number, channel]),
      unfollow: (channel) => this.#send(['unfollow', channel]),
    })
    link.onLines((lines) => {
      for (const line of lines) this.#take(decodeLine(line))
    })
    link.onClose(() => this.#lose())
  }

  append(message: Outgoing): Promise<Position | null> {
    if (this.#outbox.waiting > maxWaiting) return Promise.reject(tooSlow())
    return this.#ask((number) => ['append', number, message])
  }

  read(after: Position, channels: readonly string[], limit: PageLimit): Promise<Page> {
    return this.#ask((number) => ['read', number, after, channels, limit])
  }

  head(): Promise<Position> {
    if (this.#head === undefined) {
      this.#head = this.#ask((number) => ['head', number])
      // Whoever asks in the same turn shares the answer; who asks later may want to know what was published since.
      endOfTurn(() => {
        this.#head = undefined
      })
    }
    return this.#head
  }

  attach(follower: Follower): Following {
    return this.#channels.attach(follower)
  }

  /** What was asked before is answered first. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return
    this.#channels.clear()
    this.#ended = new MillraceError('broker_closed', 'The broker is closed and takes no more messages.')
    if (this.#calls.size > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    this.#outbox.flush()
    this.#link.close()
  }

  #ask<T>(toRequest: (number: number) => Request): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended)
        return
      }
      const number = ++this.#lastCall
      this.#calls.set(number, { resolve: resolve as Call['resolve'], reject })
      this.#send(toRequest(number))
    })
  }

  #send(request: Request): void {
    this.#outbox.push(encodeLine(request))
  }

  #take(notice: Notice): void {
    switch (notice[0]) {
      case 'entry':
        this.#channels.announce(notice[1])
        break
      case 'done':
        this.#callOf(notice[1])?.resolve(notice[2])
        break
      case 'failed':
        this.#callOf(notice[1])?.reject(fromFault(notice[2]))
        break
      case 'interrupted':
        this.#channels.interrupt()
        break
      case 'resumed':
        this.#channels.resume()
        break
    }
  }

  #callOf(number: number): Call | undefined {
    const call = this.#calls.get(number)
    this.#calls.delete(number)
    if (this.#calls.size === 0) this.#idle()
    return call
  }

  #lose(): void {
    this.#ended ??= new MillraceError('broker_closed', 'The process that keeps the messages is gone.')
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    for (const { reject } of calls) {
      reject(
        new MillraceError(
          'broker_unavailable',
          'The process that keeps the messages has gone before it answered. A message may be published all the same; with an id, it stays one.',
        ),
      )
    }
    this.#idle()
    this.#channels.interrupt()
  }
}

function tooSlow(): MillraceError {
  return new MillraceError(
    'broker_unavailable',
    `The process that keeps the messages does not keep up: more than ${maxWaiting} characters wait for it. Nothing was published; try again.`,
  )
}
