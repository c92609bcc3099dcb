import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { MillraceError } from '../../../src/base/errors.ts'
import { memory } from '../../../src/broker/memory/memory.ts'
import type { Broker, Outgoing } from '../../../src/broker/port.ts'
import { defaultRetention } from '../../../src/broker/retention.ts'
import { hostBroker } from '../../../src/broker/shared/host.ts'
import { sharedBroker } from '../../../src/broker/shared/shared.ts'
import { socketLink } from '../../../src/server/workers/socket-link.ts'
import { bound } from '../../support/bound-broker.ts'
import { manualLink } from '../../support/manual-link.ts'

function to(channel: string | readonly string[], data: string): Outgoing {
  const channels = typeof channel === 'string' ? [channel] : channel
  return { channels, data, retention: channels.map(() => defaultRetention) }
}

/** The end of a turn, with all that was asked in it. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

function host(broker: Broker = memory(), maxWaiting = 1_000) {
  const link = manualLink()
  const errors: unknown[] = []
  hostBroker(broker, link, { maxWaiting, onError: (error) => errors.push(error) })
  const sent = () => link.writes.flat().map((line) => JSON.parse(line) as [string, ...unknown[]])
  return { broker, link, errors, sent, kinds: () => sent().map(([kind]) => kind) }
}

describe('the host of a shared broker', () => {
  test('announces what is followed at the other end and nothing else, once', async () => {
    const { broker, link, sent } = host()
    link.receive(['follow', 1, 'a'], ['follow', 2, 'b'])
    await turn()
    await broker.append(to(['a', 'b'], 'both'))
    await broker.append(to('c', 'unheard'))
    link.receive(['unfollow', 'a'])
    await broker.append(to('a', 'no more'))
    await turn()

    expect(sent().filter(([kind]) => kind === 'entry')).toMatchObject([['entry', { data: 'both' }]])
  })

  test('writes once for all that a turn has brought', async () => {
    const { broker, link } = host(memory(), 1_000_000)
    link.receive(['follow', 1, 'a'])
    await turn()
    const before = link.writes.length
    for (let n = 0; n < 50; n++) void broker.append(to('a', String(n)))
    await turn()

    expect(link.writes.slice(before).map((lines) => lines.length)).toEqual([50])
  })

  test('stops announcing to who does not read, and tells him when he does again', async () => {
    const { broker, link, kinds, sent } = host()
    link.receive(['follow', 1, 'a'])
    await turn()
    link.stall()
    const before = link.writes.length
    for (let n = 0; n < 100; n++) {
      await broker.append(to('a', `${n} ${'x'.repeat(100)}`))
      await turn()
    }
    const waiting = link.writes.slice(before).flat().join('\n').length
    // One message beyond the limit, and the word that there will be no more.
    expect(waiting).toBeLessThan(1_000 + 300 + 20)
    expect(kinds().at(-1)).toBe('interrupted')

    link.receive(['follow', 2, 'b'])
    await turn()
    expect(sent()).not.toContainEqual(['done', 2, null])
    link.flow()
    await turn()
    await broker.append(to('b', 'heard'))
    await turn()

    expect(sent().slice(-3)).toMatchObject([['done', 2, null], ['resumed'], ['entry', { data: 'heard' }]])
  })

  test('counts what is to be written in this turn as well', async () => {
    const { broker, link } = host()
    link.receive(['follow', 1, 'a'])
    await turn()
    for (let n = 0; n < 100; n++) void broker.append(to('a', `${n} ${'x'.repeat(100)}`))
    await turn()

    expect(link.writes.flat().join('\n').length).toBeLessThan(1_500)
    // All of it has gone at once, so nothing is missing any longer than that.
    expect(link.writes.flat().at(-1)).toBe('["resumed"]')
  })

  test('lets go of what was followed when the other end is gone', async () => {
    const { broker, link, kinds } = host()
    link.receive(['follow', 1, 'a'])
    await turn()
    const before = kinds().length
    link.lose()
    await broker.append(to('a', '1'))
    await turn()

    expect(kinds()).toHaveLength(before)
  })
})

describe('a shared broker', () => {
  test('fails with the code, the message and the data of the other one', async () => {
    const far = memory()
    const fault = new MillraceError('replicas_too_few', 'Too few.', { data: { replicas: 1 } })
    const { near } = join({
      ...bound(far),
      append: () => Promise.reject(fault),
      head: () => Promise.reject(new TypeError('no')),
    })

    const error = await near.append(to('a', '1')).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(MillraceError)
    expect(error).toMatchObject({ code: 'replicas_too_few', message: 'Too few.', data: { replicas: 1 }, status: 503 })
    await expect(near.head()).rejects.toThrow('no')
  })

  test('passes interruptions on to its followers', async () => {
    const link = manualLink()
    const near = sharedBroker(link)
    const heard: string[] = []
    near.attach({
      onEntry: () => {},
      onInterrupted: () => heard.push('interrupted'),
      onResumed: () => heard.push('resumed'),
      onError: () => {},
    })
    link.receive(['interrupted'], ['resumed'])
    link.lose()

    expect(heard).toEqual(['interrupted', 'resumed', 'interrupted'])
  })

  test('refuses appends when too much waits for the other end', async () => {
    const link = manualLink()
    const near = sharedBroker(link)
    link.stall()
    const data = 'x'.repeat(20_000_000)
    const waiting = Array.from({ length: 4 }, () => near.append(to('a', data)))
    await turn()

    await expect(near.append(to('a', '1'))).rejects.toMatchObject({ code: 'broker_unavailable' })
    link.lose()
    for (const append of waiting) await expect(append).rejects.toMatchObject({ code: 'broker_unavailable' })
  })

  test('leaves nobody waiting when the other end is gone', async () => {
    const link = manualLink()
    const near = sharedBroker(link)
    const following = near.attach({
      onEntry: () => {},
      onInterrupted: () => {},
      onResumed: () => {},
      onError: () => {},
    })
    const followed = following.follow('a')
    const head = near.head()
    link.lose()

    await expect(head).rejects.toMatchObject({ code: 'broker_unavailable' })
    await followed
    await expect(near.append(to('a', '1'))).rejects.toMatchObject({ code: 'broker_closed' })
    await near.close()
  })

  test('is answered what it has asked before it closes', async () => {
    const { near, far } = join(memory())
    const appended = near.append(to('a', '1'))
    await near.close()

    expect(await appended).toBe(await far.head())
  })
})

test('a link over a socket keeps lines whole, however they come', async () => {
  const stream = new PassThrough()
  const link = socketLink(stream as unknown as Socket)
  const lines: string[] = []
  link.onLines((more) => lines.push(...more))
  const sent = ['a', '', '{"é":"漢🎉"}', '\u2028\ufeff', 'x'.repeat(70_000)]
  for (const byte of Buffer.from(`${sent.slice(0, 4).join('\n')}\n`)) {
    stream.write(Buffer.of(byte))
    await turn()
  }
  link.send(sent.slice(4))
  await turn()

  expect(lines).toEqual(sent)
})

/** Two ends of one link, whose lines arrive in the next turn. */
function join(far: Broker) {
  const [here, there] = [manualLink(), manualLink()]
  const near = sharedBroker({
    ...here,
    send: (lines) => setImmediate(() => there.receive(...lines.map((line) => JSON.parse(line)))),
  })
  hostBroker(
    far,
    { ...there, send: (lines) => setImmediate(() => here.receive(...lines.map((line) => JSON.parse(line)))) },
    { onError: () => {} },
  )
  return { near, far }
}
