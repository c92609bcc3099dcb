import { setTimeout as delay } from 'node:timers/promises'
import { describe, test } from 'vitest'
import { defineChannel } from '../../src/channels/define.ts'
import { createHub } from '../../src/hub/hub.ts'
import { startSseServer } from '../support/sse-server.ts'
import { check } from './checker.ts'
import { channels, close } from './closing.ts'
import { History } from './history.ts'
import { messageOf } from './payload.ts'
import { Prng } from './prng.ts'
import { Publisher } from './publisher.ts'
import { Reader } from './reader.ts'
import { Saboteur, type StreamTrick, type Tricks } from './saboteur.ts'
import type { Rule } from './violation.ts'

/** A real hub behind a saboteur, with readers that come and go. What the checker says of it, by rule. */
async function rulesBroken(tricks: Tricks, { isRestarted = false, patience = 5_000 } = {}): Promise<Rule[]> {
  const history = new History()
  let hub = await openHub()
  const saboteur = await Saboteur.start(hub.port, tricks)
  const prng = new Prng('checker')
  const ports = [saboteur.port]
  const readers = Array.from({ length: 6 }, (_, number) => {
    const own = prng.fork(number)
    return new Reader({ number, channels: own.some(channels), ports, history, prng: own, restless: 300 })
  })
  const publishers = [0, 1, 2].map((number) => {
    return new Publisher({ number, channels, ports, history, prng: prng.fork(`p${number}`), pause: 20 })
  })
  const [last, ...talkers] = publishers
  if (last === undefined) throw new Error('There is a publisher for the end')

  for (const reader of readers) reader.start()
  for (const talker of talkers) talker.start()
  const has = (count: number) => () => history.events.filter(({ type }) => type === 'message').length >= count
  await until(has(200))
  if (isRestarted) {
    await hub.close()
    history.record({ type: 'boundary', ms: Date.now(), isLoss: true, why: 'the hub is another' })
    // Positions say by their milliseconds which log they are of.
    await delay(5)
    hub = await openHub()
    saboteur.switchTo(hub.port)
    await until(has(400))
  }
  await Promise.all(talkers.map((talker) => talker.stop()))
  await close(readers, last, history, patience)
  await Promise.all(publishers.map((publisher) => publisher.stop()))
  await Promise.all(readers.map((reader) => reader.stop()))
  await saboteur.close()
  await hub.close()
  return [...new Set(check(history.events, { history: 10_000 }).map(({ rule }) => rule))]
}

async function openHub() {
  const hub = createHub({ channels: [defineChannel('*')], retry: 100 })
  const server = await startSseServer(hub)
  return {
    port: server.port,
    async close() {
      await hub.close()
      await server.close()
    },
  }
}

async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await delay(10)
}

/** On every tenth message: a reader may be gone at any moment, and what is done to it then is done to nobody. */
function often(trick: StreamTrick): StreamTrick {
  return (block, stream) => (numberIn(block) % 10 === 0 ? trick(block, stream) : [block])
}

/** Sends every tenth message after the one that follows it on the same stream. */
function swapping(): StreamTrick {
  const held = new WeakMap<object, string>()
  return (block, stream) => {
    const first = held.get(stream)
    if (first !== undefined && !Number.isNaN(numberIn(block))) {
      held.delete(stream)
      return [block, first]
    }
    if (first !== undefined || numberIn(block) % 10 !== 0) return [block]
    held.set(stream, block)
    return []
  }
}

function numberIn(block: string): number {
  return messageOf(/^data: (.*)$/m.exec(block)?.[1] ?? '')
}

function idOf(block: string): string {
  return /^id: .*$/m.exec(block)?.[0] ?? ''
}

const toldLost = 'event: millrace:gap\ndata: {"reason":"lost","channels":["red","green","blue"]}'

const faults: readonly (readonly [what: string, tricks: Tricks, rule: Rule])[] = [
  ['drops a message', { stream: often(() => []) }, 'lost'],
  ['doubles a message', { stream: often((block) => [block, block]) }, 'duplicate'],
  [
    'doubles a message without its id',
    { stream: often((block) => [block, block.replace(/^id: .*\n/m, '')]) },
    'duplicate',
  ],
  ['swaps two messages', { stream: swapping() }, 'order'],
  ['moves the id past a message that it does not send', { stream: often((block) => [idOf(block)]) }, 'lost'],
  ['tells a gap without a cause', { stream: often((block) => [toldLost, block]) }, 'gap'],
  [
    'tells an expired gap without a cause',
    { stream: often((block) => [toldLost.replace('lost', 'expired'), block]) },
    'gap',
  ],
  ['changes data', { stream: often((block) => [block.replace(/.$/, '~')]) }, 'altered'],
  ['leaves out a line of data', { stream: often((block) => [`${block}\ndata: `]) }, 'altered'],
  [
    'says another channel',
    { stream: often((block) => [block.replace(/^channel: .*$/m, 'channel: black')]) },
    'altered',
  ],
  [
    'gives a message another position for one reader',
    { stream: often((block) => [block.replace(/^(id: .*)$/m, '$11')]) },
    'position',
  ],
  ['acknowledges what it has not kept', { publish: swallowing() }, 'lost'],
  ['makes two messages of one', { publish: repeating() }, 'position'],
]

describe.concurrent('the checker', () => {
  test('says nothing of a hub that is as it should be', async ({ expect }) => {
    expect(await rulesBroken({})).toEqual([])
  })

  test('says nothing of a hub that lost its log and tells so', async ({ expect }) => {
    expect(await rulesBroken({}, { isRestarted: true })).toEqual([])
  })

  test.for(faults)('reports a hub that %s', async ([_what, tricks, rule], { expect }) => {
    expect(await rulesBroken(tricks)).toContain(rule)
  })

  test('reports a hub that lost its log and does not tell', async ({ expect }) => {
    const stream: StreamTrick = (block) => (block.includes('millrace:gap') ? [] : [block])

    expect(await rulesBroken({ stream }, { isRestarted: true })).toContain('lost')
  })

  test('reports a hub that tells of a lost log twice', async ({ expect }) => {
    const stream: StreamTrick = (block) => (block.includes('millrace:gap') ? [block, block] : [block])

    expect(await rulesBroken({ stream }, { isRestarted: true })).toContain('gap')
  })

  test('reports a hub on which a reader gets stuck', async ({ expect }) => {
    let isStuck = false
    const stream: StreamTrick = (block, { channels: asked }) => {
      if (numberIn(block) > 20 && asked.includes('red')) isStuck = true
      return isStuck && asked.includes('red') && !Number.isNaN(numberIn(block)) ? [] : [block]
    }

    expect(await rulesBroken({ stream }, { patience: 500 })).toContain('stuck')
  })
})

/** Keeps the twentieth publish of one message to itself. */
function swallowing() {
  let count = 0
  return (body: string) => (body.startsWith('{') && ++count === 20 ? [] : [body])
}

/** Passes one on twice, as two. */
function repeating() {
  let count = 0
  return (body: string) =>
    body.startsWith('{') && ++count === 20 ? [body, body.replace(/"id":"[^"]*"/, '"id":"another"')] : [body]
}
