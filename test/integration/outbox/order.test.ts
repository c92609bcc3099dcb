import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defineEvent } from '../../../src/events/define.ts'
import { outbox } from '../../../src/outbox/outbox.ts'
import { Prng } from '../../chaos/prng.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { until } from '../../support/until.ts'
import { createStage } from './support/stage.ts'
import { Transactions } from './support/transactions.ts'

const Written = defineEvent<{ readonly key: string }>('Written')

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(async () => {
  await server?.stop()
})

test.each([1, 2, 3])(
  'transactions side by side, committed and rolled back, come out whole and in order: seed %i',
  async (seed) => {
    const { pool, table, relay, events, errors, rows } = await createStage(server)
    const prng = new Prng(String(seed))
    const random = (limit: number) => prng.int(0, limit - 1)
    const transactions = new Transactions()
    const seen: string[] = []
    events.listen(Written, async ({ data }) => {
      // So that commits come between any two events of a batch.
      if (random(3) === 0) await setImmediate()
      seen.push(data.key)
    })
    relay({ batch: 7 })

    const writer = async (name: string) => {
      const client = await pool.connect()
      for (let round = 0; round < 40; round++) {
        const transaction = transactions.begin(`${name}.${round}`)
        await client.query('BEGIN')
        for (let count = random(4); count >= 0; count--) {
          const keys = Array.from({ length: 1 + random(2) }, () => transaction.dispatch())
          await outbox(client, { table }).dispatchAll(keys.map((key) => Written({ key })))
          for (let turns = random(4); turns > 0; turns--) await setImmediate()
        }
        if (random(3) === 0) await client.query('ROLLBACK')
        else {
          await client.query('COMMIT')
          transaction.committed()
        }
      }
      client.release()
    }
    await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(writer))

    await until('all', async () => seen.length >= transactions.expected.length || undefined)
    await until('the rows to go', async () => (await rows()) === 0 || undefined)
    expect(transactions.faults(seen)).toEqual([])
    expect(errors).toEqual([])
  },
)

test('what tells faults tells each', () => {
  const transactions = new Transactions()
  const [one, two, never] = [transactions.begin('1'), transactions.begin('2'), transactions.begin('3')]
  const [a, b] = [one.dispatch(), one.dispatch()]
  const gone = never.dispatch()
  one.committed()
  const c = two.dispatch()
  two.committed()

  expect(transactions.faults([a, b, c])).toEqual([])
  expect(transactions.faults([a, b])).toEqual([`${c} is missing`])
  expect(transactions.faults([a, b, c, c])).toEqual([`${c} came 2 times`])
  expect(transactions.faults([a, b, c, gone])).toEqual([`${gone} was rolled back`])
  expect(transactions.faults([b, a, c])).toEqual([`${a} came after ${b}`])
  expect(transactions.faults([a, c, b])).toEqual([`${b} came after what was dispatched when it was committed`])
})
