import { defaultPage, type JobError } from '../queue/failed.ts'
import type { StoredEvent } from '../queue/job.ts'
import { type OutboxClient, type Row, run } from './client.ts'
import type { TableName } from './table.ts'
import { wake } from './wake.ts'

/** An event that was set aside, because it could not be dispatched. */
export interface FailedEvent {
  readonly event: StoredEvent
  readonly error: JobError
  /** How often it was dispatched; 0 where its data did not fit. */
  readonly attempts: number
  /** When it was set aside, in ms since the Unix epoch. */
  readonly at: number
}

/** Which failed events: all those that every field given is true of. */
export interface FailedEventSelection {
  /** The event's id. */
  readonly id?: string
  /** The event's name. */
  readonly name?: string
  /** Set aside before this moment, in ms since the Unix epoch. */
  readonly before?: number
}

/** The events of an outbox that were set aside. */
export interface FailedEvents {
  /** The latest first, at most `limit` of them. @param selection.limit @default 100 */
  list(selection?: FailedEventSelection & { readonly limit?: number }): Promise<readonly FailedEvent[]>
  get(id: string): Promise<FailedEvent | undefined>
  /**
   * Puts them back as if they had never been dispatched, in the place that they had: they come before what was put in after them.
   * Resolves with how many.
   */
  retry(selection: FailedEventSelection): Promise<number>
  /** Removes them; resolves with how many. */
  forget(selection: FailedEventSelection): Promise<number>
}

export function failedEvents(client: OutboxClient, name: TableName): FailedEvents {
  const list: FailedEvents['list'] = async ({ limit = defaultPage, ...selection } = {}) => {
    const { condition, values } = toCondition(selection)
    const rows = await run(
      client,
      'SELECT event::text AS event, error::text AS error, attempts, (extract(epoch FROM failed) * 1000)::float8 AS at ' +
        `FROM ${name.sql} WHERE ${condition} ORDER BY failed DESC, id DESC LIMIT $${values.length + 1}::text::integer`,
      [...values, String(limit)],
    )
    return rows.map(toFailed)
  }
  return {
    list,
    async get(id) {
      const [found] = await list({ id, limit: 1 })
      return found
    },
    async retry(selection) {
      const { condition, values } = toCondition(selection)
      const update = `UPDATE ${name.sql} SET failed = NULL, error = NULL, attempts = 0 WHERE ${condition} RETURNING id`
      const text = `WITH back AS (${update}) SELECT count(*)::integer AS count, ${wake(name)} FROM back`
      return countOf(await run(client, text, values))
    },
    async forget(selection) {
      const { condition, values } = toCondition(selection)
      const text = `WITH gone AS (DELETE FROM ${name.sql} WHERE ${condition} RETURNING id) SELECT count(*)::integer AS count FROM gone`
      return countOf(await run(client, text, values))
    },
  }
}

function toCondition({ id, name, before }: FailedEventSelection) {
  const conditions = ['failed IS NOT NULL']
  const values: string[] = []
  const add = (value: string | undefined, condition: (place: string) => string) => {
    // As text, and made what it is by PostgreSQL: drivers guess the type of a value differently.
    if (value !== undefined) conditions.push(condition(`$${values.push(value)}::text`))
  }
  add(id, (place) => `event->>'id' = ${place}`)
  add(name, (place) => `event->>'name' = ${place}`)
  add(before?.toString(), (place) => `failed < to_timestamp(${place}::float8 / 1000)`)
  return { condition: conditions.join(' AND '), values }
}

function toFailed({ event, error, attempts, at }: Row): FailedEvent {
  return {
    event: JSON.parse(String(event)),
    error: JSON.parse(String(error)),
    attempts: Number(attempts),
    at: Math.floor(Number(at)),
  }
}

function countOf([row]: readonly Row[]): number {
  return Number(row?.count ?? 0)
}
