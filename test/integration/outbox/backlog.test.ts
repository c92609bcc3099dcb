import { afterAll, beforeAll, expect, test } from 'vitest'
import { defineEvent } from '../../../src/events/define.ts'
import type { RelayPool } from '../../../src/outbox/connection.ts'
import { outbox } from '../../../src/outbox/outbox.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { until } from '../../support/until.ts'
import { createStage } from './support/stage.ts'

const Placed = defineEvent<{ readonly n: number; readonly filling?: string }>('Placed')

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(async () => {
  await server?.stop()
})

/** A pool that counts statements, and notes how many rows each read has brought. */
function counting(pool: RelayPool) {
  const count = { statements: 0, reads: [] as number[] }
  const connect = async () => {
    const client = await pool.connect()
    const query = client.query.bind(client)
    client.query = async (text, values) => {
      count.statements++
      const result = await query(text, values)
      if (text.includes('octet_length')) count.reads.push(result.rows.length)
      return result
    }
    return client
  }
  return { count, pool: { connect } }
}

test('10,000 events that wait are dispatched in order, by statements for many at a time', async () => {
  const { pool, table, events, relay, rows } = await createStage(server)
  const seen: number[] = []
  events.listen(Placed, ({ data }) => seen.push(data.n))
  const all = Array.from({ length: 10_000 }, (_, n) => n)
  await outbox(pool, { table }).dispatchAll(all.map((n) => Placed({ n })))
  const counted = counting(pool)

  relay({ pool: counted.pool })
  await until('all', async () => (await rows()) === 0 || undefined)

  expect(seen).toEqual(all)
  expect(counted.count.statements).toBeLessThan(1_000)
  expect(Math.max(...counted.count.reads)).toBe(200)
})

test('large events are read a few at a time, and one that is larger than that is read alone', async () => {
  const { pool, table, events, relay, rows } = await createStage(server)
  const seen: number[] = []
  events.listen(Placed, ({ data }) => seen.push(data.n))
  const sizes = [1, 1, 1, 1, 1, 1, 9, 1]
  for (const [n, size] of sizes.entries()) {
    await outbox(pool, { table }).dispatch(Placed({ n, filling: 'x'.repeat(size * 1024 * 1024) }))
  }
  const counted = counting(pool)

  relay({ pool: counted.pool })
  await until('all', async () => (await rows()) === 0 || undefined)

  expect(seen).toEqual(sizes.map((_, n) => n))
  expect(counted.count.reads.filter((count) => count > 0)).toEqual([4, 3, 1])
})

test('a transaction that stays open meanwhile makes nobody wait, and what it dispatched comes after all', async () => {
  const { pool, table, events, relay, transact } = await createStage(server)
  const seen: number[] = []
  events.listen(Placed, ({ data }) => seen.push(data.n))
  relay()

  await transact(async (client) => {
    await outbox(client, { table }).dispatch(Placed({ n: 0 }))
    for (let n = 1; n <= 500; n++) await outbox(pool, { table }).dispatch(Placed({ n }))
    await until('the others', async () => seen.length === 500 || undefined)
  })

  await until('the first', async () => seen.length === 501 || undefined)
  expect(seen.at(-1)).toBe(0)
})
