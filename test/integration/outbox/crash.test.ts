import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { redis } from '../../../src/broker/redis/redis.ts'
import { defineChannel } from '../../../src/channels/define.ts'
import { defineEvent } from '../../../src/events/define.ts'
import type { Hub } from '../../../src/hub/api.ts'
import { createHub } from '../../../src/hub/hub.ts'
import { outbox } from '../../../src/outbox/outbox.ts'
import { Prng } from '../../chaos/prng.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { join as joinHub } from '../../support/reader.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import { until } from '../../support/until.ts'
import { createStage } from './support/stage.ts'
import { Transactions } from './support/transactions.ts'

const program = fileURLToPath(new URL('support/relay-program.js', import.meta.url))
const Placed = defineEvent<{ readonly key: string }>('Placed')

let postgres: PostgresServer
let broker: RedisServer
/** It outlives every relay: whoever is subscribed to it is the one who must get everything once. */
let hub: Hub

beforeAll(async () => {
  ;[postgres, broker] = await Promise.all([startPostgres(), startRedis()])
  hub = createHub({ channels: [defineChannel('orders.{table}')], broker: redis(broker.url) })
})

afterAll(async () => {
  await hub?.close()
  await broker?.stop()
  await postgres?.stop()
})

interface Death {
  /** Which statement or append. */
  readonly at: number
  readonly when: 'before' | 'after'
}

/** A stage with a reader of all that is published for it, and relays that are processes of their own. */
async function published() {
  const stage = await createStage(postgres)
  const channel = `orders.${stage.table}`
  const reader = await joinHub(hub, { channels: [channel] })
  const later = await joinHub(hub, { channels: [`${channel}-later`] })
  onTestFinished(() => reader.leave())
  onTestFinished(() => later.leave())
  return {
    ...stage,
    reader,
    /** What the queued listener publishes. */
    later,
    box: (client: Parameters<typeof outbox>[0]) => outbox(client, { table: stage.table }),
    start(batch: number, more: Death | { readonly queue?: string } = {}): ChildProcess {
      const options = { postgres: postgres.url, broker: broker.url, table: stage.table, channel, batch, ...more }
      const child = spawn(process.execPath, [program, JSON.stringify(options)], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      return child
    },
    empty: () => until('an empty outbox', async () => (await stage.rows()) === 0 || undefined),
  }
}

/** Whether the relay died as it was told, and did not come to the end before that. */
async function liveOnce({ when, at }: Death): Promise<boolean> {
  const { pool, table, transact, box, reader, start, empty } = await published()
  await expect(
    transact(async (client) => {
      await box(client).dispatch(Placed({ key: 'never' }))
      throw new Error('rolled back')
    }),
  ).rejects.toThrow('rolled back')
  await transact((client) => box(client).dispatchAll([Placed({ key: '1' }), Placed({ key: '2' })]))
  await box(pool).dispatch(Placed({ key: '3' }))

  const first = start(2, { at, when })
  const died = await Promise.race([once(first, 'exit').then(() => true), empty().then(() => false)])
  if (died) {
    expect(first.signalCode).toBe('SIGKILL')
    start(2)
    await empty()
  } else first.kill('SIGKILL')
  const all = ['1', 'next', '2', 'next', '3', 'next']
  // What is published after it comes after it: then nothing can be on its way any more.
  await hub.publish(`orders.${table}`, 'end')
  await until('the end', async () => reader.data.includes('end') || undefined)
  expect(reader.data, `killed ${when} step ${at}`).toEqual([...all, 'end'])
  return died
}

test.each(['before', 'after'] as const)(
  'a relay that is killed %s any statement or publish: what was committed reaches a subscriber once, in order',
  async (when) => {
    let last = 0
    for (let at = 1; last === 0; at += 3) {
      const died = await Promise.all([at, at + 1, at + 2].map((step) => liveOnce({ at: step, when })))
      if (died.includes(false)) last = at + died.indexOf(false)
    }
    // Opening, locking, reading, publishing, deleting: if these are not killed, the test is none.
    expect(last).toBeGreaterThan(14)
  },
  120_000,
)

type Children = [ChildProcess, ChildProcess]

/** What is done to a relay: resolves when there are two again. */
const hurts = {
  async killed(children: Children, index: 0 | 1, start: () => ChildProcess) {
    children[index].kill('SIGKILL')
    children[index] = start()
  },
  /**
   * As a process whose machine stands still: it goes on in the middle of what it did, when another has long taken over. Without a queue on
   * disk, whose file it may have locked.
   */
  async 'held up, and cut off from PostgreSQL,'(
    children: Children,
    index: 0 | 1,
    _start: () => ChildProcess,
    some: () => Promise<unknown>,
  ) {
    children[index].kill('SIGSTOP')
    await postgres.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
      `relay ${children[index].pid}`,
    ])
    await some()
    children[index].kill('SIGCONT')
  },
}

test.each(Object.entries(hurts))(
  'relays are %s at random while transactions come and go: once, in order, nothing rolled back',
  async (what, hurt) => {
    const { pool, box, reader, later, start, empty } = await published()
    const dir = await mkdtemp(join(tmpdir(), 'millrace-outbox-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    const more = what === 'killed' ? { queue: dir } : {}
    const prng = new Prng('relays')
    const transactions = new Transactions()
    let isWriting = true
    const keys = () => reader.data.filter((data) => data !== 'next')
    const write = async (name: string) => {
      const client = await pool.connect()
      for (let round = 0; isWriting; round++) {
        // So that what is under test is never far behind.
        await until('the relay', async () => keys().length > transactions.expected.length - 100 || undefined)
        const transaction = transactions.begin(`${name}.${round}`)
        await client.query('BEGIN')
        for (let count = prng.int(1, 3); count > 0; count--)
          await box(client).dispatch(Placed({ key: transaction.dispatch() }))
        if (prng.int(0, 3) === 0) await client.query('ROLLBACK')
        else {
          await client.query('COMMIT')
          transaction.committed()
        }
      }
      client.release()
    }
    const some = () => {
      const seen = keys().length
      const more = prng.int(1, 60)
      return until('some more', async () => keys().length > seen + more || undefined)
    }
    const harm = async () => {
      // Two at a time, so that one takes over from the other as often as not.
      const children: Children = [start(20, more), start(20, more)]
      for (let count = 0; count < 12; count++) {
        await some()
        await hurt(children, prng.int(0, 1) as 0 | 1, () => start(20, more), some)
      }
      isWriting = false
    }
    await Promise.all([harm(), ...['a', 'b', 'c'].map(write)])

    await empty()
    await until('all', async () => keys().length >= transactions.expected.length || undefined)
    expect(transactions.faults(keys())).toEqual([])
    expect(reader.data.filter((data) => data === 'next')).toHaveLength(transactions.expected.length)
    // The queue promises no order.
    const jobs = what === 'killed' ? transactions.expected : []
    await until('the jobs', async () => later.data.length >= jobs.length || undefined)
    expect(later.data.toSorted()).toEqual(jobs.toSorted())
  },
  120_000,
)
