import { MillraceError, type OnError, quote } from '../base/errors.ts'
import { reasonOf } from '../events/dispatch-error.ts'
import type { OutboxRow } from './session.ts'

/** What a relay tells those who run it. */
export class Reports {
  readonly #onError: OnError
  /** What was told of the outage that there is. */
  readonly #away = new Set<string>()

  constructor(onError: OnError) {
    this.#onError = onError
  }

  /** PostgreSQL is there and does what is asked: the next outage is a new one. */
  there(): void {
    this.#away.clear()
  }

  /** Each outage once, however its connections fail; and each thing that PostgreSQL refuses. */
  away(error: unknown): void {
    const reason = reasonOf(error)
    const kind = isRefusal(error) ? reason : 'unreachable'
    if (this.#away.has(kind)) return
    this.#away.add(kind)
    const advice = codeOf(error) === missingTable ? ' Make it with createOutboxTable, or with outboxTable.' : ''
    this.#onError(
      new MillraceError('outbox_unavailable', `The outbox's relay cannot work, and tries again: ${reason}.${advice}`, {
        cause: error,
      }),
    )
  }

  held(row: OutboxRow, error: unknown): void {
    const message = `${subject(row)} waits, and all that come after it: ${reasonOf(error)}`
    this.#onError(new MillraceError('outbox_held', message, { cause: error, data: dataOf(row) }))
  }

  setAside(row: OutboxRow, attempts: number, error: unknown): void {
    const times = attempts === 1 ? 'once' : `${attempts} times`
    const tried = attempts === 0 ? 'as it is' : `after it was dispatched ${times}`
    const message = `${subject(row)} was set aside ${tried}: ${reasonOf(error)}`
    this.#onError(new MillraceError('outbox_failed', message, { cause: error, data: { ...dataOf(row), attempts } }))
  }

  eventsClosed(error: unknown): void {
    const message = 'The events were closed before the relay, which therefore ends too. Close the relay first.'
    this.#onError(new MillraceError('events_closed', message, { cause: error }))
  }
}

function subject(row: OutboxRow): string {
  const { event, id } = dataOf(row)
  return `Event ${quote(event)} (${id}) of the outbox`
}

/** As far as the row tells: it may hold anything. */
function dataOf({ id, event }: OutboxRow) {
  const stored: unknown = JSON.parse(event)
  const fields = typeof stored === 'object' && stored !== null ? (stored as Record<string, unknown>) : {}
  return { row: id, id: fields.id ?? null, event: fields.name ?? null }
}

const missingTable = '42P01'

/** Whether PostgreSQL answered, by a code of its own (and none of Node's), other than that it stops, starts or has lost us. */
function isRefusal(error: unknown): boolean {
  const code = codeOf(error)
  return typeof code === 'string' && /^[0-9FHPX][0-9A-Z]{4}$/.test(code) && !/^(08|57P)/.test(code)
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
}
