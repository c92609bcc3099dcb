import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { MillraceError } from '../../../src/base/errors.ts'
import { defineEvent } from '../../../src/events/define.ts'
import { type Outbox, outbox } from '../../../src/outbox/outbox.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { until } from '../../support/until.ts'
import { createStage, type Stage } from './support/stage.ts'

const Placed = defineEvent<{ readonly n: number }>('Placed')

let server: PostgresServer
let stage: Stage
let box: Outbox

beforeAll(async () => {
  server = await startPostgres()
})

afterAll(async () => {
  await server?.stop()
})

beforeEach(async () => {
  stage = await createStage(server)
  box = outbox(stage.pool, { table: stage.table })
})

function failed(count: number) {
  return until(`${count} set aside`, async () => {
    const list = await box.failed.list()
    return list.length === count ? list : undefined
  })
}

describe('an event whose listener fails', () => {
  test('is dispatched again while later ones wait, and goes when the listener is mended', async () => {
    const seen: string[] = []
    let isBroken = true
    stage.events.listen(Placed, ({ data }) => {
      seen.push(`${isBroken ? 'bad' : 'good'} ${data.n}`)
      if (isBroken && data.n === 1) throw new Error('broken')
    })
    stage.relay({ backoff: 5, attempts: 1_000 })
    await box.dispatchAll([Placed({ n: 1 }), Placed({ n: 2 })])
    await until('three tries', async () => seen.length >= 3 || undefined)
    const tried = await until('what the row tells', async () => {
      const { rows } = await stage.pool.query(`SELECT attempts, error FROM ${stage.table} WHERE attempts > 1`)
      return rows[0]
    })
    expect(tried).toMatchObject({ error: { code: 'listener_failed', message: expect.stringContaining('broken') } })

    isBroken = false

    await until('both', async () => seen.includes('good 2') || undefined)
    expect([...new Set(seen)]).toEqual(['bad 1', 'good 1', 'good 2'])
    expect(stage.errors).toEqual([])
  })

  test('is set aside after its last attempt, with its error, and the relay goes on', async () => {
    const seen: number[] = []
    stage.events.listen(
      Placed,
      ({ data }) => {
        seen.push(data.n)
        if (data.n === 1) throw new Error('no connection')
      },
      { id: 'mail' },
    )
    stage.relay({ backoff: 1, attempts: 3 })
    const [one, two] = [Placed({ n: 1 }), Placed({ n: 2 })]
    const before = Date.now()
    await box.dispatchAll([one, two])

    const [entry] = await failed(1)
    await until('the second', async () => seen.includes(2) || undefined)
    expect(seen).toEqual([1, 1, 1, 2])
    const { id, name, at, data } = one
    expect(entry).toMatchObject({
      event: { id, name, at, data },
      attempts: 3,
      error: { code: 'listener_failed', message: expect.stringContaining('mail: no connection') },
    })
    expect(entry?.at).toBeGreaterThanOrEqual(before - 1_000)
    expect(await box.failed.get(id)).toEqual(entry)
    expect(await box.failed.get(two.id)).toBeUndefined()
    expect(await box.counts()).toMatchObject({ waiting: 0, failed: 1 })
    expect(stage.errors).toMatchObject([
      {
        code: 'outbox_failed',
        message: expect.stringContaining('3 times'),
        data: { id, event: 'Placed', attempts: 3 },
      },
    ])
  })

  test('counts its attempts through the life of several relays', async () => {
    let runs = 0
    stage.events.listen(Placed, () => {
      runs++
      throw new Error('broken')
    })
    await box.dispatch(Placed({ n: 1 }))
    for (let life = 1; life <= 3; life++) {
      const relay = stage.relay({ backoff: 60_000, attempts: 3 })
      await until(`run ${life}`, async () => runs === life || undefined)
      await relay.close()
    }

    expect(await failed(1)).toMatchObject([{ attempts: 3 }])
  })
})

test('an event whose data does not fit any more is set aside at once, and so is a row that is no event', async () => {
  const Mailed = defineEvent('Mailed', z.object({ to: z.string() }))
  const Before = defineEvent('Mailed', z.object({ address: z.string() }))
  const seen: unknown[] = []
  stage.events.listen(Mailed, ({ data }) => seen.push(data))
  await box.dispatch(Before({ address: 'ann' }))
  await stage.pool.query(`INSERT INTO ${stage.table} (event) VALUES ('{"id": 1}'), ('null'), ('"x"')`)
  await box.dispatch(Mailed({ to: 'bob' }))
  stage.relay({ backoff: 60_000 })

  const list = await failed(4)
  await until('the good one', async () => seen[0])
  expect(seen).toEqual([{ to: 'bob' }])
  expect(list.map(({ error, attempts }) => [error.code, attempts])).toEqual([
    ['job_invalid', 0],
    ['job_invalid', 0],
    ['job_invalid', 0],
    ['data_invalid', 0],
  ])
  expect(stage.errors).toHaveLength(4)
})

test('while a broker or a queue is away events wait, however long, and none is set aside', async () => {
  const seen: number[] = []
  let isAway = true
  stage.events.listen(Placed, ({ data }) => {
    seen.push(data.n)
    if (isAway) throw new MillraceError('broker_unavailable', 'Redis is away.')
  })
  stage.relay({ backoff: 1, attempts: 2 })
  await box.dispatchAll([Placed({ n: 1 }), Placed({ n: 2 })])
  await until('many tries', async () => seen.length > 10 || undefined)
  expect(await box.counts()).toMatchObject({ waiting: 2, failed: 0 })
  // Told once, and not each time.
  expect(stage.errors).toMatchObject([{ code: 'outbox_held', message: expect.stringContaining('Redis is away') }])

  isAway = false

  await until('both', async () => seen.includes(2) || undefined)
  expect(seen.slice(0, -1).every((n) => n === 1)).toBe(true)
})

describe('the failed events', () => {
  let isBroken = true
  let seen: string[] = []
  const Other = defineEvent<{ readonly n: number }>('Other')

  beforeEach(async () => {
    isBroken = true
    seen = []
    stage.events.listen([Placed, Other], ({ name, data }) => {
      if (isBroken) throw new Error('broken')
      seen.push(`${name} ${data.n}`)
    })
  })

  test('are listed, the latest first, by their name, id and time', async () => {
    stage.relay({ attempts: 1 })
    const events = [Placed({ n: 1 }), Other({ n: 2 }), Placed({ n: 3 })]
    await box.dispatchAll(events)
    const all = await failed(3)

    const ns = async (selection: Parameters<typeof box.failed.list>[0]) =>
      (await box.failed.list(selection)).map(({ event }) => (event.data as { n: number }).n)
    expect(await ns({})).toEqual([3, 2, 1])
    expect(await ns({ limit: 2 })).toEqual([3, 2])
    expect(await ns({ name: 'Placed' })).toEqual([3, 1])
    expect(await ns({ id: events[1]?.id ?? '' })).toEqual([2])
    expect(await ns({ before: (all[2]?.at ?? 0) - 1 })).toEqual([])
    expect(await ns({ before: Date.now() + 60_000, name: 'Other' })).toEqual([2])
  })

  test('are retried in their place, and forgotten', async () => {
    stage.relay({ attempts: 1 })
    await box.dispatchAll([Placed({ n: 1 }), Other({ n: 2 }), Placed({ n: 3 }), Placed({ n: 4 })])
    const [last] = await failed(4)
    expect(await box.failed.forget({ id: last?.event.id ?? '' })).toBe(1)
    expect(await box.failed.forget({ name: 'None' })).toBe(0)

    isBroken = false
    expect(await box.failed.retry({ name: 'Placed' })).toBe(2)
    await until('the first two', async () => seen.length === 2 || undefined)
    expect(await box.failed.retry({})).toBe(1)
    await until('the last', async () => seen.length === 3 || undefined)

    expect(seen).toEqual(['Placed 1', 'Placed 3', 'Other 2'])
    await until('nothing', async () => (await stage.rows()) === 0 || undefined)
  })

  test('fail again as if for the first time', async () => {
    stage.relay({ attempts: 2, backoff: 1 })
    await box.dispatch(Placed({ n: 1 }))
    const [first] = await failed(1)
    await box.failed.retry({})
    const again = await until('again', async () => {
      const [entry] = await box.failed.list()
      return entry !== undefined && entry.at !== first?.at ? entry : undefined
    })

    expect(again.attempts).toBe(2)
  })

  test('are had by clients of other kinds: those that answer with the rows, and functions', async () => {
    stage.relay({ attempts: 1 })
    await box.dispatch(Placed({ n: 1 }))
    await failed(1)

    const other = outbox(async (text, values) => (await stage.pool.query(text, values)).rows, { table: stage.table })
    expect(await other.failed.list()).toEqual(await box.failed.list())
    expect(await other.counts()).toEqual(await box.counts())
    expect(await other.failed.forget({})).toBe(1)
  })
})
