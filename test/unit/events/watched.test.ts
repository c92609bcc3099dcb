import { type ChannelListener, tracingChannel } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createEvents, defineEvent, type Events } from '../../../src/index.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { until } from '../../support/until.ts'

const Placed = defineEvent<{ order: string }>('Placed')
const names = ['dispatch', 'listener', 'job.add', 'job.run'] as const
const steps = ['start', 'asyncEnd', 'error'] as const

const told: (readonly [step: string, message: Record<string, unknown>])[] = []
const listeners: (() => void)[] = []
let events: Events
let clock: ManualClock

beforeEach(() => {
  told.length = 0
  clock = new ManualClock()
  events = createEvents({ clock, onError: () => {} })
  for (const name of names) {
    for (const step of steps) {
      const { [step]: channel } = tracingChannel(`millrace.${name}`)
      const note: ChannelListener = (message) => void told.push([`${name}:${step}`, { ...(message as object) }])
      channel.subscribe(note)
      listeners.push(() => channel.unsubscribe(note))
    }
  }
})

afterEach(async () => {
  for (const undo of listeners.splice(0)) undo()
  await events.close()
})

/** Until so many jobs have run. */
const ran = (count: number) =>
  until('the jobs', async () =>
    told.filter(([step]) => step === 'job.run:asyncEnd').length >= count ? true : undefined,
  )

describe('diagnostics_channel', () => {
  test('is told of a dispatch, of its listeners and jobs, and of the run of a job, in order', async () => {
    events.listen(Placed, () => 'given', { id: 'first' })
    events.listen(Placed, () => 'sent', { id: 'mail', queue: { name: 'mails' } })
    const placed = Placed({ order: 'secret' })
    await events.dispatch(placed)
    await ran(1)

    const event = { id: placed.id, name: 'Placed' }
    const dispatch = { event, trace: undefined }
    const first = { event, listener: 'first', attempt: 1 }
    const job = { event, listener: 'mail', queue: 'mails', job: `${placed.id}/mail` }
    const run = { ...job, attempt: 1, due: placed.at, trace: undefined }
    const mail = { event, listener: 'mail', attempt: 1 }
    expect(told).toEqual([
      ['dispatch:start', dispatch],
      ['listener:start', first],
      ['listener:asyncEnd', { ...first, result: 'given' }],
      ['job.add:start', job],
      ['job.add:asyncEnd', { ...job, result: undefined }],
      ['dispatch:asyncEnd', { ...dispatch, result: undefined }],
      ['job.run:start', run],
      ['listener:start', mail],
      ['listener:asyncEnd', { ...mail, result: 'sent' }],
      ['job.run:asyncEnd', { ...run, result: { kind: 'done' } }],
    ])
    expect(JSON.stringify(told)).not.toContain('secret')
  })

  test('is told what has failed, and what becomes of a job', async () => {
    const lost = new Error('lost')
    events.listen(Placed, () => Promise.reject(lost), { id: 'inline' })
    events.listen(Placed, () => Promise.reject(lost), { id: 'queued', queue: { attempts: 2, backoff: 5 } })
    await expect(events.dispatch(Placed({ order: '1' }))).rejects.toMatchObject({ code: 'listener_failed' })
    await ran(1)
    clock.advance(5)
    await ran(2)

    const errors = told.filter(([step]) => step.endsWith(':error'))
    expect(errors.map(([step, { listener, attempt }]) => [step, listener, attempt])).toEqual([
      ['listener:error', 'inline', 1],
      ['dispatch:error', undefined, undefined],
      ['listener:error', 'queued', 1],
      ['listener:error', 'queued', 2],
    ])
    const runs = told
      .filter(([step]) => step === 'job.run:asyncEnd')
      .map(([, { attempt, result }]) => [attempt, result])
    expect(runs).toMatchObject([
      [1, { kind: 'retry', error: lost }],
      [2, { kind: 'failed', error: lost }],
    ])
  })
})
