import { assertEvent, type Event } from '../events/define.ts'
import { toStored } from '../events/stored.ts'
import { type OutboxClient, run } from './client.ts'
import { type FailedEvents, failedEvents } from './failed.ts'
import { type TableOptions, toTableName } from './table.ts'
import { wake } from './wake.ts'

export interface OutboxOptions extends TableOptions {
  /**
   * Whether the relay is woken by a NOTIFY, sent when the transaction commits. Without it the relay finds the events at its next look.
   * PostgreSQL commits transactions with a NOTIFY one after the other, and prepares none (PREPARE TRANSACTION). @default true
   */
  readonly notify?: boolean
}

/** How many events an outbox has. */
export interface OutboxCounts {
  /** Committed, and not dispatched yet. */
  readonly waiting: number
  /** Set aside. */
  readonly failed: number
  /** When the oldest of those that wait was put in, in ms since the Unix epoch. */
  readonly oldest: number | undefined
}

export interface Outbox {
  /**
   * Puts the event into the transaction of the client: it is dispatched by the relay once that is committed, and never if it is rolled
   * back. Resolves when the row is written. A client that is in no transaction commits at once.
   *
   * Takes no lock but its own row's, and waits for nobody.
   *
   * @throws {MillraceError} `event_invalid` for what no definition made; `job_invalid` where its data is not JSON. What the client
   * throws, as it is.
   */
  dispatch(event: Event): Promise<void>
  /** Several events, in order, by one statement. All are checked before it. @throws as `dispatch` */
  dispatchAll(events: readonly Event[]): Promise<void>
  /** The events that were set aside. Its client must answer with rows. */
  readonly failed: FailedEvents
  /** Its client must answer with rows. */
  counts(): Promise<OutboxCounts>
}

/**
 * The outbox, by the application's own client. Nothing is opened or kept: make one for each transaction.
 *
 * @throws {MillraceError} `option_invalid`
 */
export function outbox(client: OutboxClient, options: OutboxOptions = {}): Outbox {
  const name = toTableName(options)
  const { notify = true } = options
  // One value, once, and no question mark: so that knex, drizzle and others can take it as their own text. As text, so that no driver
  // makes JSON of the JSON. WITH ORDINALITY and ORDER BY, because only that promises that the ids are given in this order.
  const insert =
    `INSERT INTO ${name.sql} (event) SELECT item FROM json_array_elements($1::text::json) ` +
    'WITH ORDINALITY AS list (item, place) ORDER BY place'
  const text = notify ? `WITH added AS (${insert}) SELECT ${wake(name)}` : insert

  const dispatchAll = async (events: readonly Event[]): Promise<void> => {
    const stored = events.map((event) => {
      assertEvent(event)
      return toStored(event, 'put into the outbox')
    })
    if (stored.length > 0) await run(client, text, [JSON.stringify(stored)])
  }
  return {
    dispatch: (event) => dispatchAll([event]),
    dispatchAll,
    failed: failedEvents(client, name),
    async counts() {
      const [row] = await run(
        client,
        'SELECT count(*) FILTER (WHERE failed IS NULL)::float8 AS waiting, count(failed)::float8 AS failed, ' +
          `(extract(epoch FROM min(added) FILTER (WHERE failed IS NULL)) * 1000)::float8 AS oldest FROM ${name.sql}`,
      )
      const { waiting = 0, failed = 0, oldest } = row ?? {}
      return {
        waiting: Number(waiting),
        failed: Number(failed),
        oldest: typeof oldest === 'number' ? Math.floor(oldest) : undefined,
      }
    },
  }
}
