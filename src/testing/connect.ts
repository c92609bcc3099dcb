import { MillraceError } from '../base/errors.ts'
import type { AnyEventDefinition } from '../events/define.ts'
import { subscribeReply } from '../http/subscribe.ts'
import type { Hub } from '../hub/api.ts'
import type { Gap } from '../sse/control.ts'
import { assertFound, assertNotFound } from './finding.ts'
import { type Message, type MessageOn, select, showMessage, toMessage } from './message.ts'
import { Reader } from './reader.ts'
import { type ConnectOptions, findReceived, type TestClient } from './test-client.ts'
import { toError, toRequest } from './test-request.ts'
import { turn, within } from './turn.ts'

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
    const reply = await subscribeReply(this.#hub, toRequest(this.#names, this.#options, lastEventId), {
      compress: false,
      onError,
    })
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
