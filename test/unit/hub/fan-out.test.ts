import { describe, expect, test } from 'vitest'
import type { Position } from '../../../src/broker/port.ts'
import { defineChannel } from '../../../src/channels/define.ts'
import type { Hub } from '../../../src/hub/api.ts'
import { createHub } from '../../../src/hub/hub.ts'
import type { Packet } from '../../../src/hub/packet.ts'
import type { Sink } from '../../../src/hub/sink.ts'
import { turn } from '../../support/manual-clock.ts'

/** Notes each write, and what others have been written by then. */
class Note implements Sink {
  readonly packets: Packet[] = []
  readonly buffered = 0

  get text(): string {
    return this.packets.map(({ bytes }) => new TextDecoder().decode(bytes)).join('')
  }

  get data(): string[] {
    return [...this.text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => data)
  }

  write(packet: Packet): boolean {
    this.packets.push(packet)
    return true
  }

  onDrain(): void {}
  onClose(): void {}
  end(): void {}
  cut(): void {}
}

async function join(hub: Hub, ...channels: string[]): Promise<Note> {
  const admission = hub.admit({ channels })
  await admission.ready
  const note = new Note()
  admission.open(note)
  await turn()
  note.packets.length = 0
  return note
}

function start(limits: { slice?: number } = {}): Hub {
  return createHub({ channels: [defineChannel('*')], limits })
}

describe('a fan-out', () => {
  test('writes what came in one turn as one packet, which is the same for all of one audience', async () => {
    const hub = start()
    const readers = [await join(hub, 'a'), await join(hub, 'a'), await join(hub, 'a', 'b'), await join(hub, 'b', 'a')]
    for (const [channel, data] of [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ] as const)
      void hub.publish(channel, data)
    await turn()
    await turn()
    const [first, second, both, alike] = readers.map(({ packets }) => packets)
    expect(readers.map(({ packets }) => packets.length)).toEqual([1, 1, 1, 1])
    expect(first?.[0]).toBe(second?.[0])
    expect(both?.[0]).toBe(alike?.[0])
    expect(readers.map(({ data }) => data)).toEqual([
      ['1', '3'],
      ['1', '3'],
      ['1', '2', '3'],
      ['1', '2', '3'],
    ])
  })

  test('writes a message on several channels of a reader once', async () => {
    const hub = start()
    const [both, one] = [await join(hub, 'a', 'b'), await join(hub, 'b')]
    void hub.publish(['a', 'b'], '1')
    void hub.publish('b', '2')
    void hub.publish(['b', 'a'], '3')
    await turn()
    await turn()
    expect([both.data, one.data]).toEqual([
      ['1', '2', '3'],
      ['1', '2', '3'],
    ])
  })

  test('to very many takes several turns, in which others get on, and what comes meanwhile follows', async () => {
    const hub = start({ slice: 10 })
    const readers = await Promise.all(Array.from({ length: 35 }, () => join(hub, 'a')))
    const written = () => readers.filter(({ packets }) => packets.length > 0).length
    const positions: Promise<Position | null>[] = [hub.publish('a', '1')]
    await positions[0]
    const steps: number[] = []
    for (let turns = 0; turns < 5 && written() < 35; turns++) {
      await turn()
      steps.push(written())
      if (turns === 1) positions.push(hub.publish('a', '2'))
    }
    expect(steps).toEqual([10, 20, 30, 35])
    await Promise.all(positions)
    for (let turns = 0; turns < 5; turns++) await turn()
    expect(new Set(readers.map(({ data }) => data.join()))).toEqual(new Set(['1,2']))
  })

  test('in the midst of which a reader leaves or comes gives each what is its own', async () => {
    const hub = start({ slice: 1 })
    const readers = await Promise.all(Array.from({ length: 4 }, () => join(hub, 'a')))
    await hub.publish('a', '1')
    await turn()
    const late = await join(hub, 'a')
    await hub.publish('a', '2')
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(readers.map(({ data }) => data)).toEqual(readers.map(() => ['1', '2']))
    expect(late.data).toEqual(['2'])
  })

  test('that is not done when the hub closes is written before the streams end', async () => {
    const hub = start({ slice: 1 })
    const readers = await Promise.all(Array.from({ length: 4 }, () => join(hub, 'a')))
    await hub.publish('a', '1')
    await turn()
    await hub.close()
    for (const { text } of readers) expect(text).toMatch(/data: 1\n\nretry: \d+\n\n$/)
  })
})
