import { MillraceError } from '../../base/errors.ts'
import { isSame } from '../../base/same.ts'
import { endOfTurn } from '../../base/turn.ts'
import type { Outgoing, Position } from '../port.ts'
import type { Retention } from '../retention.ts'
import type { CallOptions, Calls } from './calls.ts'
import { toRefused } from './fault.ts'
import type { Replicas } from './replicas.ts'

/** In one call at most so many messages, and about so much data in UTF-16 code units: nothing else happens in Redis meanwhile. */
const batchMessages = 256
const batchData = 256 * 1024

/** Appends that wait for Redis hold at most this much data, in UTF-16 code units. Past it they are refused. */
const maxWaiting = 64 * 1024 * 1024

export interface AppendsContext {
  readonly calls: Calls
  readonly replicas: Replicas | undefined
  /** Of those that do not say so themselves, in ms. */
  readonly wait: number
  readonly horizon: number
  readonly idWindow: number
}

interface Waiting {
  readonly message: Outgoing
  readonly wait: number
  resolve(position: Position | null): void
  reject(error: unknown): void
}

/** What `append_all` answers; see `append-script.ts`. */
type AppendReply = readonly [answers: string, ...errors: string[]]

/**
 * What is appended in one turn of the event loop goes to Redis in one call, as one step, and each message has its own answer.
 *
 * A call costs more than an append, here as in Redis. Nobody waits for others: what comes in the next turn goes in the next call,
 * whether or not there is an answer to the one before.
 */
export class Appends {
  readonly #context: AppendsContext
  #waiting: Waiting[] = []
  /** Of what waits, or has not been answered. */
  #data = 0

  constructor(context: AppendsContext) {
    this.#context = context
  }

  /** @throws {MillraceError} `broker_unavailable`, `broker_closed`, `replicas_too_few` */
  append(message: Outgoing): Promise<Position | null> {
    return new Promise((resolve, reject) => {
      if (this.#data > maxWaiting) {
        reject(tooMuchWaiting())
        return
      }
      this.#data += message.data.length
      const wait = message.wait ?? this.#context.wait
      if (this.#waiting.push({ message, wait, resolve, reject }) === 1) endOfTurn(() => this.#flush())
    })
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (let first = 0; first < waiting.length; ) {
      const end = endOfBatch(waiting, first)
      void this.#send(first === 0 && end === waiting.length ? waiting : waiting.slice(first, end))
      first = end
    }
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    const { calls, replicas } = this.#context
    const [first] = batch
    if (first === undefined) return
    const how: CallOptions = { wait: first.wait, isRepeatable: isRepeatable(first) }
    let confirmed = Number.POSITIVE_INFINITY
    try {
      const [text, ...errors] = await calls.call<AppendReply>(
        'append_all',
        this.#toArgs(batch),
        how,
        async (_, client) => {
          if (replicas !== undefined) confirmed = await replicas.count(client)
        },
      )
      const answers = text.split(' ')
      let failed = 0
      for (const [index, { resolve, reject }] of batch.entries()) {
        const answer = answers[index]
        if (answer === undefined || answer === '!') reject(toRefused(errors[failed++]))
        else if (answer === '-') resolve(null)
        else if (replicas !== undefined && confirmed < replicas.least) reject(replicas.toTooFew(answer, confirmed))
        else resolve(answer)
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    } finally {
      for (const { message } of batch) this.#data -= message.data.length
    }
  }

  /** See `append-script.ts`. */
  #toArgs(batch: readonly Waiting[]): string[] {
    const { horizon, idWindow, replicas } = this.#context
    const retentions = new Retentions()
    const args = [String(horizon), String(idWindow), replicas === undefined ? '0' : '1', '']
    let group: Outgoing | undefined
    let count = 0
    let countAt = 0
    for (const { message } of batch) {
      if (group === undefined || !isSameGroup(group, message)) {
        if (countAt > 0) args[countAt] = String(count)
        group = message
        count = 0
        args.push(message.channels.join(','), message.retention.map((kept) => retentions.numberOf(kept)).join(','), '')
        countAt = args.length - 1
      }
      args.push(toHead(message), message.data)
      count++
    }
    args[countAt] = String(count)
    args[3] = retentions.text
    return args
  }
}

/** The distinct ones of a batch. */
class Retentions {
  readonly #numbers = new Map<Retention, number>()
  text = ''

  /** From 1. */
  numberOf(retention: Retention): number {
    let number = this.#numbers.get(retention)
    if (number === undefined) {
      number = this.#numbers.size + 1
      this.#numbers.set(retention, number)
      this.text += `${number === 1 ? '' : ' '}${retention.count}:${retention.age}:${retention.bytes}`
    }
    return number
  }
}

/** Those that are waited for alike, and may be repeated alike. */
function endOfBatch(waiting: readonly Waiting[], first: number): number {
  const begin = waiting[first]
  let data = 0
  let end = first
  for (; end < waiting.length && end - first < batchMessages && data < batchData; end++) {
    const next = waiting[end]
    if (begin === undefined || next === undefined) break
    if (next.wait !== begin.wait || isRepeatable(next) !== isRepeatable(begin)) break
    data += next.message.data.length
  }
  return end
}

/** With an id it is one message, however often it is sent. */
function isRepeatable({ message }: Waiting): boolean {
  return message.id !== undefined
}

function isSameGroup(a: Outgoing, b: Outgoing): boolean {
  return isSame(a.channels, b.channels) && isSame(a.retention, b.retention)
}

/** None of them has a line feed in it. */
function toHead({ event, key, id, trace }: Outgoing): string {
  if (event === undefined && key === undefined && id === undefined && trace === undefined) return ''
  const head = `${event ?? ''}\n${key ?? ''}\n${id ?? ''}`
  return trace === undefined ? head : `${head}\n${JSON.stringify(trace)}`
}

function tooMuchWaiting(): MillraceError {
  return new MillraceError(
    'broker_unavailable',
    `Redis does not keep up: more than ${maxWaiting} characters wait for it. Nothing was published; try again.`,
  )
}
