import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineEvent } from '../../../src/events/define.ts'
import { outbox } from '../../../src/outbox/outbox.ts'
import { createOutboxTable, outboxTable } from '../../../src/outbox/table.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { until } from '../../support/until.ts'
import { createStage, poolOf } from './support/stage.ts'

const Placed = defineEvent<{ readonly text: string }>('Placed')

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres({ settings: { max_prepared_transactions: '2' } })
})

afterAll(async () => {
  await server?.stop()
})

/** A stage whose events are seen, in order, once its relay runs. */
async function watched() {
  const stage = await createStage(server)
  const seen: string[] = []
  stage.events.listen(Placed, ({ data }) => seen.push(data.text))
  const saw = (...texts: readonly string[]) =>
    until(`${texts}, of which there is ${seen}`, async () => seen.join() === texts.join() || undefined)
  return { ...stage, seen, saw }
}

test('what was committed is dispatched, in the order of its dispatches, and what was rolled back is not', async () => {
  const { pool, table, relay, transact, saw, rows, errors } = await watched()
  relay()
  const box = (client: Parameters<typeof outbox>[0]) => outbox(client, { table })

  await transact(async (client) => {
    await box(client).dispatch(Placed({ text: '1' }))
    await box(client).dispatchAll([Placed({ text: '2' }), Placed({ text: '3' })])
    await box(client).dispatch(Placed({ text: '4' }))
  })
  await expect(
    transact(async (client) => {
      await box(client).dispatch(Placed({ text: 'never' }))
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  await transact(async (client) => {
    await client.query('SAVEPOINT before')
    await box(client).dispatch(Placed({ text: 'nor this' }))
    await client.query('ROLLBACK TO before')
    await box(client).dispatch(Placed({ text: '5' }))
  })
  await box(pool).dispatch(Placed({ text: 'at once' }))

  await saw('1', '2', '3', '4', '5', 'at once')
  await until('the rows to go', async () => (await rows()) === 0 || undefined)
  expect(errors).toEqual([])
})

test('nothing is dispatched before the commit, and it is then without a wait', async () => {
  const { table, relay, transact, saw, seen } = await watched()
  relay({ poll: 60_000 })

  await transact(async (client) => {
    await outbox(client, { table }).dispatch(Placed({ text: 'late' }))
    await transact((other) => outbox(other, { table }).dispatch(Placed({ text: 'early' })))
    await saw('early')
  })

  await saw('early', 'late')
  expect(seen).toEqual(['early', 'late'])
})

test('an event comes out as it went in: its id, its time, its text, and what its schema makes', async () => {
  const { table, pool, relay, events } = await createStage(server)
  const Met = defineEvent('Met', z.object({ at: z.coerce.date(), text: z.string() }))
  const seen: unknown[] = []
  events.listen(Met, (event) => seen.push(event))
  relay()
  const text = 'a\0\u{1F600}\ud800 \\ " \' ? $1 \n\u2028'
  const event = Met({ at: '2026-11-22T10:00:00.000Z', text })

  await outbox(pool, { table }).dispatchAll([event])

  expect(await until('it', async () => seen[0])).toEqual(event)
})

test('data that JSON does not keep is refused before anything is written, also in the middle of a list', async () => {
  const { pool, table, rows } = await createStage(server)
  const Any = defineEvent<unknown>('Any')

  await expect(outbox(pool, { table }).dispatchAll([Any(1), Any({ when: new Map() }), Any(2)])).rejects.toMatchObject({
    code: 'job_invalid',
    data: { path: 'data.when' },
  })
  await expect(outbox(pool, { table }).dispatch({ ...Any(1) })).rejects.toMatchObject({ code: 'event_invalid' })
  expect(await rows()).toBe(0)
})

test('writers wait for nobody: not for each other, not for the relay, not for a reader of the whole table', async () => {
  const { table, pool, relay, transact, saw } = await watched()
  relay()

  await transact(async (one) => {
    await outbox(one, { table }).dispatch(Placed({ text: 'one' }))
    const locks = await server.query(
      "SELECT mode FROM pg_locks JOIN pg_class ON pg_class.oid = relation WHERE pid = $1 AND relname = $2 AND locktype = 'relation'",
      [(one as unknown as { processID: number }).processID, table],
    )
    expect(locks).toEqual([{ mode: 'RowExclusiveLock' }])
    await transact(async (two) => {
      await two.query('SET LOCAL lock_timeout = 1')
      await outbox(two, { table }).dispatch(Placed({ text: 'two' }))
    })
    await saw('two')
  })
  await saw('two', 'one')
  expect(await outbox(pool, { table }).counts()).toMatchObject({ failed: 0 })
})

test('it is counted what waits, and since when', async () => {
  const { table, pool } = await createStage(server)
  expect(await outbox(pool, { table }).counts()).toEqual({ waiting: 0, failed: 0, oldest: undefined })
  const before = Date.now()
  await outbox(pool, { table }).dispatchAll([Placed({ text: '1' }), Placed({ text: '2' })])

  const { waiting, oldest = 0 } = await outbox(pool, { table }).counts()
  expect(waiting).toBe(2)
  expect(oldest).toBeGreaterThanOrEqual(before - 1_000)
  expect(oldest).toBeLessThanOrEqual(Date.now() + 1_000)
})

test('without NOTIFY the relay finds it at its next look, and the transaction can be prepared', async () => {
  const { table, relay, saw, pool } = await watched()
  relay({ poll: 20 })
  const client = await pool.connect()
  await client.query('BEGIN')
  await outbox(client, { table, notify: false }).dispatch(Placed({ text: 'prepared' }))
  await client.query("PREPARE TRANSACTION 'one'")
  await client.query("COMMIT PREPARED 'one'")
  client.release()

  await saw('prepared')
})

describe('the table', () => {
  test('is made by many at once, and again, and by the statements of outboxTable', async () => {
    const pool = poolOf(server.url)
    const at = { schema: 'app-1', table: 'Outbox' }
    await pool.query('CREATE SCHEMA "app-1"')

    await Promise.all(Array.from({ length: 8 }, () => createOutboxTable(pool, at)))
    await pool.query(outboxTable(at))
    await outbox(pool, at).dispatch(Placed({ text: 'there' }))
    expect(await outbox(pool, at).counts()).toMatchObject({ waiting: 1 })
  })

  test('is found by the search path of each connection, and tables of one name in two schemas are two outboxes', async () => {
    const pool = poolOf(server.url)
    const seen: Record<string, unknown[]> = {}
    const stages = ['tenant_a', 'tenant_b'].map(async (schema) => {
      await pool.query(`CREATE SCHEMA ${schema}`)
      const stage = await createStage({ url: `${server.url}?options=-csearch_path%3D${schema}` })
      await createOutboxTable(stage.pool)
      const list: unknown[] = []
      seen[schema] = list
      stage.events.listen(Placed, ({ data }) => list.push(data.text))
      stage.relay({ table: 'millrace_outbox' })
      await outbox(stage.pool).dispatch(Placed({ text: schema }))
    })
    await Promise.all(stages)

    await until('both', async () => (seen.tenant_a?.length === 1 && seen.tenant_b?.length === 1) || undefined)
    expect(seen).toEqual({ tenant_a: ['tenant_a'], tenant_b: ['tenant_b'] })
  })

  test.each(['', 'a"b', "a'b", 'a$b', 'a b', 'x'.repeat(49), 'é'.repeat(25), 'a\\', '1a'])(
    'cannot be named %j',
    (name) => {
      expect(() => outboxTable({ table: name })).toThrow(expect.objectContaining({ code: 'option_invalid' }))
      expect(() => outbox(() => Promise.resolve(), { schema: name })).toThrow(
        expect.objectContaining({ code: 'option_invalid' }),
      )
    },
  )

  test('needs no more rights than are documented: INSERT to dispatch; SELECT, UPDATE and DELETE for the relay', async () => {
    const { table, events, relay, pool } = await createStage(server)
    await pool.query(`CREATE ROLE app_${table} LOGIN; GRANT INSERT ON ${table} TO app_${table}`)
    await pool.query(`CREATE ROLE relay_${table} LOGIN; GRANT SELECT, UPDATE, DELETE ON ${table} TO relay_${table}`)
    const app = new Client({ connectionString: server.url.replace('millrace@', `app_${table}@`) })
    await app.connect()
    const relayPool = poolOf(server.url.replace('millrace@', `relay_${table}@`))
    const seen: string[] = []
    events.listen(Placed, ({ data }) => {
      seen.push(data.text)
      if (data.text === 'bad') throw new Error('bad')
    })
    relay({ pool: relayPool, attempts: 1 })

    await outbox(app, { table }).dispatchAll([Placed({ text: 'good' }), Placed({ text: 'bad' })])
    await until('both', async () => seen.length === 2 || undefined)
    await until('the bad', async () => (await outbox(relayPool, { table }).failed.list())[0])
    expect(await outbox(relayPool, { table }).failed.forget({})).toBe(1)
    await expect(outbox(app, { table }).counts()).rejects.toThrow('permission denied')
    await app.end()
  })
})
