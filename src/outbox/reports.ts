import { MillraceError, type OnError, quote } from '../base/errors.ts'
import { reasonOf } from '../events/dispatch-error.ts'
import type { OutboxRow } from './session.ts'

/** What a relay tells those who run it. */
export class Reports {
  readonly #onError: OnError
  #away: string | undefined

  constructor(onError: OnError) {
    this.#onError = onError
  }

  /** PostgreSQL is there and does what is asked: the next outage is a new one. */
  there(): void {
    this.#away = undefined
  }

  /** Each outage once. */
  away(error: unknown): void {
    const reason = reasonOf(error)
    if (reason === this.#away) return
    this.#away = reason
    const isMissing = codeOf(error) === '42P01'
    const advice = isMissing ? ' Make the table with createOutboxTable, or by outboxTable in a migration.' : ''
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

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
}
