import { Pool, type PoolClient } from 'pg'
import { onTestFinished } from 'vitest'
import type { Events } from '../../../../src/events/api.ts'
import { createEvents } from '../../../../src/events/dispatch.ts'
import { type RelayOptions, relayOutbox } from '../../../../src/outbox/relay.ts'
import { createOutboxTable } from '../../../../src/outbox/table.ts'
import type { PostgresServer } from '../../../support/postgres.ts'

let tables = 0

/** What one test has: a table of its own, and everything that it opens is closed with it. */
export interface Stage {
  readonly table: string
  readonly pool: Pool
  readonly events: Events
  /** What relays have told. */
  readonly errors: unknown[]
  relay(options?: Partial<RelayOptions>): ReturnType<typeof relayOutbox>
  /** Runs `work` in a transaction, and commits it; or, where it throws, rolls it back and throws the same. */
  transact<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result>
  /** How many rows there are, those set aside included. */
  rows(): Promise<number>
}

export async function createStage(server: Pick<PostgresServer, 'url'>): Promise<Stage> {
  const table = `outbox_${++tables}`
  const pool = poolOf(server.url)
  await createOutboxTable(pool, { table })
  const events = createEvents()
  const errors: unknown[] = []
  return {
    table,
    pool,
    events,
    errors,
    relay(options = {}) {
      const relay = relayOutbox({ pool, events, table, onError: (error) => errors.push(error), ...options })
      onTestFinished(() => relay.close())
      return relay
    },
    async transact(work) {
      const client = await pool.connect()
      try {
        await client.query('BEGIN')
        const result = await work(client)
        await client.query('COMMIT')
        return result
      } catch (error) {
        await client.query('ROLLBACK')
        throw error
      } finally {
        client.release()
      }
    },
    async rows() {
      const { rows } = await pool.query(`SELECT count(*)::integer AS count FROM "${table}"`)
      return rows[0].count
    },
  }
}

/** A pool that is closed with the test. */
export function poolOf(url: string): Pool {
  const pool = new Pool({ connectionString: url })
  // Idle connections end with the server, and are none of the test's.
  pool.on('error', () => undefined)
  onTestFinished(() => pool.end())
  return pool
}
