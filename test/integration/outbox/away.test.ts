import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { defineEvent } from '../../../src/events/define.ts'
import type { RelayClient, RelayPool } from '../../../src/outbox/connection.ts'
import { outbox } from '../../../src/outbox/outbox.ts'
import { createOutboxTable } from '../../../src/outbox/table.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { TcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'
import { createStage, poolOf, type Stage } from './support/stage.ts'

const Placed = defineEvent<{ readonly n: number }>('Placed')

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(async () => {
  await server?.stop()
})

async function watched() {
  const stage = await createStage(server)
  const seen: number[] = []
  stage.events.listen(Placed, ({ data }) => seen.push(data.n))
  const saw = (...numbers: readonly number[]) =>
    until(`${numbers}, of which there is ${seen}`, async () => seen.join() === numbers.join() || undefined)
  const put = (n: number) => outbox(stage.pool, { table: stage.table }).dispatch(Placed({ n }))
  return { ...stage, seen, saw, put }
}

/** The process ids of the connections that relays of the stage have: the one that works, and those that stand by. */
async function relays({ table, pool }: Stage) {
  const { rows } = await pool.query(
    `SELECT pid, count(locktype) FILTER (WHERE locktype = 'advisory' AND objid = $1::regclass::oid) > 0 AS works
     FROM pg_stat_activity LEFT JOIN pg_locks USING (pid) WHERE application_name = 'millrace outbox' GROUP BY pid`,
    [table],
  )
  return rows as { pid: number; works: boolean }[]
}

/** Resolves with the connection that works, once so many others stand by. */
function working(stage: Stage, others: number): Promise<number> {
  return until(`a relay, and ${others} that stand by`, async () => {
    const all = await relays(stage)
    const works = all.find(({ works }) => works)
    return all.length === others + 1 ? works?.pid : undefined
  })
}

describe('of several relays', () => {
  test('one works, and the next takes over when its connection is gone', async () => {
    const stage = await watched()
    const pools = [poolOf(server.url), poolOf(server.url), poolOf(server.url)]
    for (const pool of pools) stage.relay({ pool })
    const first = await working(stage, 2)
    await stage.put(1)
    await stage.saw(1)
    // Or the next one might find it there still, and rightly dispatch it again.
    await until('its row to go', async () => (await stage.rows()) === 0 || undefined)

    await stage.pool.query('SELECT pg_terminate_backend($1)', [first])

    await stage.put(2)
    await stage.saw(1, 2)
    expect(await working(stage, 2)).not.toBe(first)
    expect(stage.errors).toMatchObject([{ code: 'outbox_unavailable' }])
  })

  test('the next takes over at once when the one is closed, and not before it is through', async () => {
    const stage = await watched()
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    stage.events.listen(Placed, ({ data }) => (data.n === 1 ? held : undefined))
    // Its clock stands still: it learns from the one before it, or never.
    const first = stage.relay()
    await working(stage, 0)
    stage.relay({ clock: new ManualClock() })
    await working(stage, 1)
    await stage.put(1)
    await stage.put(2)
    await stage.saw(1)

    const closed = first.close()
    expect(await Promise.race([closed, stage.rows()])).toBe(2)
    release()
    await closed

    await stage.saw(1, 2)
    await until('the rows to go', async () => (await stage.rows()) === 0 || undefined)
    expect(stage.errors).toEqual([])
  })

  test('those that stand by hold nothing back that VACUUM would remove', async () => {
    const stage = await watched()
    for (let count = 0; count < 2; count++) stage.relay()
    await working(stage, 1)

    const { rows } = await stage.pool.query(
      "SELECT state, backend_xmin FROM pg_stat_activity WHERE application_name = 'millrace outbox' AND state <> 'active'",
    )
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) expect(row).toEqual({ state: 'idle', backend_xmin: null })
  })

  test('the one whose machine is gone loses the lock: PostgreSQL is told to look for it', async () => {
    const stage = await watched()
    const asked: Record<string, unknown>[] = []
    stage.relay({
      pool: spied(stage.pool, async (client) => {
        const { rows } = await client.query(
          "SELECT name, setting FROM pg_settings WHERE name ~ '^tcp_(keepalives|user_timeout)'",
        )
        asked.push(...rows)
      }),
    })
    await until('the settings', async () => asked[0])

    expect(Object.fromEntries(asked.map(({ name, setting }) => [name, setting]))).toEqual({
      tcp_keepalives_idle: '10',
      tcp_keepalives_interval: '5',
      tcp_keepalives_count: '3',
      tcp_user_timeout: '25000',
    })
  })
})

/** A pool that shows each connection once the relay has prepared it. */
function spied(pool: RelayPool, look: (client: RelayClient) => Promise<void>): RelayPool {
  return {
    async connect() {
      const client = await pool.connect()
      const query = client.query.bind(client)
      client.query = async (text, values) => {
        const result = await query(text, values)
        if (text.startsWith('LISTEN')) {
          client.query = query
          await look(client)
        }
        return result
      }
      return client
    },
  }
}

test('PostgreSQL is killed and comes back: the outage is told once, and what was committed comes, once or again', async () => {
  const own = await startPostgres()
  try {
    const stage = await createStage(own)
    const seen: number[] = []
    stage.events.listen(Placed, ({ data }) => seen.push(data.n))
    const box = outbox(stage.pool, { table: stage.table })
    stage.relay()
    let committed = 0
    for (let round = 0; round < 3; round++) {
      for (let count = 0; count < 200; count++) {
        await box.dispatch(Placed({ n: committed }))
        committed++
      }
      await own.kill()
      await until('the report', async () => stage.errors.length === round + 1 || undefined)
      await own.restart()
      await box.dispatch(Placed({ n: committed }))
      committed++
      await until('the rest', async () => seen.at(-1) === committed - 1 || undefined)
    }
    expect([...new Set(seen)]).toEqual(Array.from({ length: committed }, (_, n) => n))
    expect(stage.errors).toMatchObject(Array(3).fill({ code: 'outbox_unavailable' }))
  } finally {
    await own.stop()
  }
})

test('a connection that does not answer any more is given up after 30 s, and another one made', async () => {
  const proxy = await TcpProxy.start(server.port)
  const stage = await watched()
  const clock = new ManualClock()
  stage.relay({ pool: poolOf(server.url.replace(String(server.port), String(proxy.port))), clock })
  await stage.put(1)
  await stage.saw(1)

  proxy.hold('down')
  await stage.put(2)
  clock.advance(5_000)
  // The limit of the statement, and no wait: it has been asked.
  await until('a question', async () => clock.timers === 1 || undefined)
  clock.advance(30_000)
  await until('the report', async () => stage.errors[0])
  proxy.heal()
  await until('another connection', async () => {
    clock.advance(100)
    return stage.seen.includes(2) || undefined
  })

  await stage.saw(1, 2)
  expect(stage.errors).toMatchObject([
    { code: 'outbox_unavailable', message: expect.stringContaining('did not answer within 30000 ms') },
  ])
  await proxy.close()
})

test('a table that is not there is told once, and waited for', async () => {
  const pool = poolOf(server.url)
  const stage = await createStage(server)
  const seen: number[] = []
  stage.events.listen(Placed, ({ data }) => seen.push(data.n))
  stage.relay({ pool, table: 'later' })
  await until('the report', async () => stage.errors[0])
  await createOutboxTable(pool, { table: 'later' })
  await outbox(pool, { table: 'later' }).dispatch(Placed({ n: 1 }))

  await until('the event', async () => seen[0])
  expect(stage.errors).toMatchObject([
    { code: 'outbox_unavailable', message: expect.stringMatching(/"later" does not exist.*createOutboxTable/) },
  ])
})

test('a relay that may not delete does not dispatch the same event in a loop', async () => {
  const { table, pool, events, errors, relay } = await createStage(server)
  await pool.query(`CREATE ROLE reader LOGIN; GRANT SELECT ON ${table} TO reader`)
  const seen: number[] = []
  events.listen(Placed, ({ data }) => seen.push(data.n))
  await outbox(pool, { table }).dispatch(Placed({ n: 1 }))
  const begun = Date.now()
  relay({ pool: poolOf(server.url.replace('millrace@', 'reader@')) })
  await until('three tries', async () => seen.length === 3 || undefined)

  // Less a little, for timers may be early by a millisecond.
  expect(Date.now() - begun).toBeGreaterThan(100 + 250 - 10)
  expect(errors).toMatchObject([{ code: 'outbox_unavailable', message: expect.stringContaining('permission denied') }])
})

test('events that are closed first end the relay, which says so, and the next one works', async () => {
  const stage = await watched()
  const first = await createStage(server)
  first.relay({ table: stage.table })
  await working(stage, 0)
  await first.events.close()
  stage.relay()
  await stage.put(1)

  await stage.saw(1)
  expect(first.errors).toMatchObject([{ code: 'events_closed' }])
  expect(await working(stage, 0)).toBeDefined()
})

test('a process that has nothing but a relay waits for PostgreSQL, and does not end', async () => {
  const { table, pool } = await createStage(server)
  await outbox(pool, { table }).dispatch(Placed({ n: 7 }))
  const proxy = await TcpProxy.start(server.port)
  proxy.refuse()
  const script = `
    import { Pool } from 'pg'
    import { createEvents } from 'millrace'
    import { relayOutbox } from 'millrace/postgres'
    const [connectionString, table] = process.argv.slice(1)
    const events = createEvents()
    const pool = new Pool({ connectionString })
    const relay = relayOutbox({ pool, table, events, onError: ({ code }) => console.log(code) })
    events.listen('Placed', ({ data }) => {
      console.log('got', data.n)
      void relay.close().then(() => pool.end())
    })
  `
  const url = server.url.replace(String(server.port), String(proxy.port))
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, url, table], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()

  expect((await lines.next()).value).toBe('outbox_unavailable')
  proxy.accept()
  expect((await lines.next()).value).toBe('got 7')
  await once(child, 'exit')
  expect(child.exitCode).toBe(0)
  await proxy.close()
})

test('close() is quick while PostgreSQL is away, and gives one promise', async () => {
  const stage = await createStage({ url: server.url })
  const relay = stage.relay({ pool: { connect: () => Promise.reject(new Error('away')) } })
  await until('the report', async () => stage.errors[0])

  expect(relay.close()).toBe(relay.close())
  await relay.close()
})

test('a relay leaves the connections of its pool as they were', async () => {
  const stage = await createStage(server)
  const relay = stage.relay()
  await working(stage, 0)
  await relay.close()

  expect(stage.pool.totalCount).toBe(stage.pool.idleCount)
  const client = new Client({ connectionString: server.url })
  await client.connect()
  const { rows } = await stage.pool.query('SHOW tcp_keepalives_count')
  expect((await client.query('SHOW tcp_keepalives_count')).rows).toEqual(rows)
  await client.end()
})
