import { type ErrorCode, errorCodes, MillraceError } from '../base/errors.ts'
import type { AnyEventDefinition, EventOf } from '../events/define.ts'
import type { HttpReply, HttpRequest } from '../http/exchange.ts'
import { subscribeReply } from '../http/subscribe.ts'
import type { Hub } from '../hub/api.ts'
import type { Gap } from '../sse/control.ts'
import { assertFound, assertNotFound, type Finding } from './finding.ts'
import {
  findMessage,
  type Message,
  type MessageFor,
  type MessageOn,
  select,
  showMessage,
  toMessage,
} from './message.ts'
import type { Filter } from './pattern.ts'
import { Reader } from './reader.ts'
import { turn, within } from './turn.ts'

export interface ConnectOptions {
  /** The id of the last message that was seen: what comes after it is sent first. */
  readonly lastEventId?: string
  /** Without one: what was published since then, as `?since=` has it: `'10m'`, a time in ms or as ISO 8601. */
  readonly since?: string | number
  /** For the `authorize` of private channels, such as `{ cookie: 'session=ada' }`. */
  readonly headers?: Readonly<Record<string, string>>
  /** The same, in the URL. */
  readonly query?: Readonly<Record<string, string>>
  /** The same, in the place of the platform's own request: `{ user: { id: 'ada' } }`. */
  readonly raw?: unknown
  /** How long `next` and `untilGap` wait, in ms of real time, before they fail and say what came instead. @default 2_000 */
  readonly timeout?: number
}

/** A reader of a hub, as a browser's `EventSource` is one: its stream goes through the real encoder and parser, and no socket. */
export interface TestClient<Received extends Message = Message> {
  /** All that it has received, in order, over all its connections. */
  readonly messages: readonly Received[]
  /** Those of a definition, or those that a function or their data says; all without either. */
  received<Definition extends AnyEventDefinition>(
    definition: Definition,
    filter?: Filter<MessageFor<EventOf<Definition>>>,
  ): readonly MessageFor<EventOf<Definition>>[]
  received(filter?: Filter<Received>): readonly Received[]
  /** @throws {AssertionError} that lists what was received instead */
  assertReceived<Definition extends AnyEventDefinition>(
    definition: Definition,
    filter?: Filter<MessageFor<EventOf<Definition>>>,
  ): void
  assertReceived(filter?: Filter<Received>): void
  /** @throws {AssertionError} */
  assertNotReceived<Definition extends AnyEventDefinition>(
    definition: Definition,
    filter?: Filter<MessageFor<EventOf<Definition>>>,
  ): void
  assertNotReceived(filter?: Filter<Received>): void
  /**
   * The first message that `next` has not given yet, once it is there; with a definition, the first of that, and those before it are
   * passed over.
   *
   * @throws {AssertionError} where none comes in time, or the stream ends
   */
  next(): Promise<Received>
  next<Definition extends AnyEventDefinition>(definition: Definition): Promise<MessageFor<EventOf<Definition>>>
  /** What it was told is missing, in order. */
  readonly gaps: readonly Gap[]
  /** The first gap that this has not given yet, once it is there. @throws {AssertionError} as `next` */
  untilGap(): Promise<Gap>
  /** The cursor that it would come back with. */
  readonly lastEventId: string
  /** Whether its stream goes on. */
  readonly isOpen: boolean
  /** Goes away, as a page does that is closed, or has lost its connection. */
  disconnect(): void
  /** Comes back with its cursor, as a browser does, after `disconnect` if need be. @throws {MillraceError} as when it connects */
  reconnect(): Promise<void>
}

/**
 * Connects to `channels` of any hub, as a request for a stream does; `authorize` of private ones is asked. Resolves when what is kept
 * after its cursor has come, and nothing that is published from then on is missed.
 *
 * @throws {MillraceError} with the code and the status that the request is answered with: `channel_forbidden`, `channel_unknown` ...
 */
export async function connect<const Channel extends string>(
  hub: Hub,
  channels: Channel | readonly Channel[],
  options: ConnectOptions = {},
): Promise<TestClient<MessageOn<Channel>>> {
  const names: readonly string[] = typeof channels === 'string' ? [channels] : channels
  const client = new Client(hub, names, options)
  await client.open(options.lastEventId ?? '')
  // What its channels carry is for the compiler alone to know.
  return client as unknown as TestClient<MessageOn<Channel>>
}

/** How long `next` waits in real time, in ms: a message that no longer comes from within this process never comes. */
const defaultTimeout = 2_000

class Client implements TestClient {
  readonly messages: Message[] = []
  readonly gaps: Gap[] = []
  readonly #hub: Hub
  readonly #names: readonly string[]
  readonly #options: ConnectOptions
  readonly #waiting = new Set<() => void>()
  #reader = new Reader()
  #givenMessages = 0
  #givenGaps = 0

  constructor(hub: Hub, names: readonly string[], options: ConnectOptions) {
    this.#hub = hub
    this.#names = names
    this.#options = options
  }

  get lastEventId(): string {
    return this.#reader.lastEventId
  }

  get isOpen(): boolean {
    return !this.#reader.isClosed
  }

  async open(lastEventId: string): Promise<void> {
    let fault: unknown
    const onError = (error: unknown) => {
      fault = error
    }
    const reply = await subscribeReply(this.#hub, this.#request(lastEventId), { compress: false, onError })
    if (!('admission' in reply)) throw fault instanceof MillraceError ? fault : toError(reply, fault)
    const reader = new Reader(lastEventId, () => this.#take(reader))
    this.#reader = reader
    reply.admission.open(reader)
    await this.#settle()
  }

  disconnect(): void {
    if (this.isOpen) this.#reader.leave()
  }

  async reconnect(): Promise<void> {
    this.disconnect()
    await this.open(this.lastEventId)
  }

  received(what?: unknown, filter?: unknown): never {
    return select(this.messages, what, filter) as never
  }

  assertReceived(what?: unknown, filter?: unknown): void {
    assertFound(findReceived(this.messages, what, filter))
  }

  assertNotReceived(what?: unknown, filter?: unknown): void {
    assertNotFound(findReceived(this.messages, what, filter))
  }

  next(definition?: AnyEventDefinition): Promise<never> {
    const what = definition === undefined ? 'a message' : `${definition.name}`
    const find = () => {
      const from = this.#givenMessages
      const index = this.messages.findIndex(
        ({ event }, at) => at >= from && (definition === undefined || event === definition.name),
      )
      const found = this.messages[index]
      if (found !== undefined) this.#givenMessages = index + 1
      return found
    }
    return this.#until(what, find) as Promise<never>
  }

  untilGap(): Promise<Gap> {
    return this.#until('a gap', () => {
      const gap = this.gaps[this.#givenGaps]
      if (gap !== undefined) this.#givenGaps++
      return gap
    })
  }

  #request(lastEventId: string): HttpRequest {
    const { since, query = {}, raw } = this.#options
    const parameters = new URLSearchParams(query)
    for (const name of this.#names) parameters.append('channel', name)
    if (since !== undefined) parameters.set('since', String(since))
    const headers = new Headers(this.#options.headers)
    if (lastEventId !== '') headers.set('last-event-id', lastEventId)
    return {
      method: 'GET',
      url: `/sse?${parameters}`,
      host: 'localhost',
      header: (name) => headers.get(name) ?? undefined,
      raw,
      read: () => Promise.resolve(undefined),
    }
  }

  #take(reader: Reader): void {
    for (const { data: text, ...rest } of reader.events.splice(0)) this.messages.push(toMessage({ ...rest, text }))
    this.gaps.push(...reader.gaps.splice(0))
    for (const check of this.#waiting) check()
  }

  /** Until a turn brings nothing any more: what is kept comes a page at a time. */
  async #settle(): Promise<void> {
    let before: number
    do {
      before = this.messages.length + this.gaps.length
      await turn()
      await turn()
    } while (this.messages.length + this.gaps.length > before)
  }

  async #until<Found>(what: string, find: () => Found | undefined): Promise<Found> {
    const { timeout = defaultTimeout } = this.#options
    let check = () => {}
    const found = new Promise<Found>((resolve, reject) => {
      check = () => {
        const one = find()
        if (one !== undefined) resolve(one)
        else if (!this.isOpen) reject(new Error(`The stream has ended without ${what}. ${this.#story()}`))
        else return
        this.#waiting.delete(check)
      }
    })
    this.#waiting.add(check)
    check()
    try {
      return await within(
        timeout,
        found,
        () => `Waited ${timeout} ms for ${what}, and it did not come. ${this.#story()}`,
      )
    } finally {
      this.#waiting.delete(check)
    }
  }

  #story(): string {
    const given = this.#givenMessages
    const lines = this.messages.map(
      (message, index) => `\n  ${showMessage(message)}${index < given ? ' (given before)' : ''}`,
    )
    return `Received on ${this.#names.join(', ')}: ${lines.length === 0 ? 'nothing.' : lines.join('')}`
  }
}

export function findReceived(messages: readonly Message[], what: unknown, filter: unknown): Finding {
  return findMessage(messages, what, filter, 'to have been received', 'Received')
}

/** The answer to a request, as the fault that led to it. */
function toError({ status, body }: HttpReply, cause: unknown): Error {
  const { code, detail, type: _, title: __, status: ___, ...data }: Record<string, unknown> = JSON.parse(body)
  const isKnown = (value: unknown): value is ErrorCode => typeof value === 'string' && value in errorCodes
  const options = cause === undefined ? { data } : { data, cause }
  return isKnown(code)
    ? new MillraceError(code, String(detail), options)
    : new Error(`Answered with ${status}: ${body}`)
}
