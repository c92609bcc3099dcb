import { randomBytes } from 'node:crypto'
import { constants, gunzipSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gzip } from '../../../src/gzip/sink.ts'
import { Packet } from '../../../src/hub/packet.ts'
import type { Sink } from '../../../src/hub/sink.ts'

const encoder = new TextEncoder()

/** What a sink was given, and a gzip stream into it. */
class Stream {
  readonly packets: Packet[] = []
  readonly calls: string[] = []
  readonly plain: Uint8Array[] = []
  readonly sink: Sink

  constructor() {
    const inner: Sink = {
      write: (packet) => {
        this.packets.push(packet)
        return this.packets.length % 2 === 0
      },
      buffered: 7,
      onDrain: () => void this.calls.push('onDrain'),
      onClose: () => void this.calls.push('onClose'),
      end: () => void this.calls.push('end'),
      cut: () => void this.calls.push('cut'),
    }
    if (gzip === undefined) throw new Error('Node has zlib')
    this.sink = gzip(inner)
  }

  write(packet: Packet): boolean {
    this.plain.push(packet.bytes)
    return this.sink.write(packet)
  }

  get bytes(): Buffer {
    return Buffer.concat(this.packets.map(({ bytes }) => bytes))
  }

  /** What can be read of it while it is still open. */
  get soFar(): string {
    return inflateRawSync(this.bytes.subarray(10), { finishFlush: constants.Z_SYNC_FLUSH }).toString()
  }

  /** Ends it, and looks at all of it as a strict reader does. */
  expectWhole(): void {
    this.sink.end()
    expect(gunzipSync(this.bytes).equals(Buffer.concat(this.plain))).toBe(true)
  }

  get lastBlock(): Uint8Array | undefined {
    return this.packets.at(-1)?.bytes
  }
}

function streams(count: number): Stream[] {
  return Array.from({ length: count }, () => new Stream())
}

function toOne(text: string): Packet {
  return Packet.toOne(encoder.encode(text))
}

function toMany(text: string): Packet {
  return Packet.toMany(encoder.encode(text))
}

let serial = 0

/** A message of about 1 KB, as applications send them. */
function message(): string {
  const data = {
    id: randomBytes(12).toString('hex'),
    author: { name: 'Ada Lovelace', avatar: 'https://cdn.example.com/avatars/ada.png', role: 'moderator' },
    items: Array.from({ length: 10 }, (_, index) => ({
      sku: `SKU-${(serial * 7919 + index * 104_729) % 99_991}`,
      quantity: index,
      currency: 'EUR',
    })),
    at: new Date(1_763_800_000_000 + serial * 977).toISOString(),
  }
  return `id: 1763791234567-${serial++}-abcdef\nchannel: rooms.1\ndata: ${JSON.stringify(data)}\n\n`
}

describe('a gzip stream', () => {
  test('can be read up to what was written last, and is whole when it was ended', () => {
    const stream = new Stream()

    stream.write(toOne('retry: 2000\nid: 1-1\n\n'))
    expect(stream.soFar).toBe('retry: 2000\nid: 1-1\n\n')
    stream.write(toMany('data: to many\n\n'))
    expect(stream.soFar).toBe('retry: 2000\nid: 1-1\n\ndata: to many\n\n')
    stream.sink.end()

    expect(gunzipSync(stream.bytes).toString()).toBe('retry: 2000\nid: 1-1\n\ndata: to many\n\n')
    expect(stream.calls).toEqual(['end'])
  })

  test('begins in one write, with what is first', () => {
    const stream = new Stream()

    stream.write(toOne('retry: 2000\n\n'))

    expect(stream.packets).toHaveLength(1)
  })

  test('that was never written to is empty and whole', () => {
    const stream = new Stream()

    stream.sink.end()

    expect(gunzipSync(stream.bytes)).toHaveLength(0)
  })

  test('takes packets in which there is nothing', () => {
    const stream = new Stream()

    for (const packet of [toMany(''), toOne(''), toMany('data: 1\n\n'), toMany('')]) stream.write(packet)
    stream.sink.end()

    expect(gunzipSync(stream.bytes).toString()).toBe('data: 1\n\n')
  })

  test('takes nothing more once it was ended or cut', () => {
    const [ended, cut] = streams(2)
    ended?.sink.end()
    cut?.sink.cut()
    const written = [ended?.packets.length, cut?.packets.length]

    expect([ended?.sink.write(toMany('late')), cut?.sink.write(toOne('late'))]).toEqual([false, false])
    ended?.sink.end()
    cut?.sink.end()

    expect([ended?.packets.length, cut?.packets.length]).toEqual(written)
    expect([ended?.calls, cut?.calls]).toEqual([['end'], ['cut']])
  })

  test('that was cut is not whole', () => {
    const stream = new Stream()
    stream.write(toMany('data: 1\n\n'))

    stream.sink.cut()

    expect(() => gunzipSync(stream.bytes)).toThrow('unexpected end of file')
  })

  test('passes on what its sink says', () => {
    const stream = new Stream()

    expect(Array.from({ length: 4 }, () => stream.write(toOne('data: 1\n\n')))).toEqual([false, true, false, true])
    expect(stream.sink.buffered).toBe(7)
    stream.sink.onDrain(() => {})
    stream.sink.onClose(() => {})
    expect(stream.calls).toEqual(['onDrain', 'onClose'])
  })
})

describe('what goes to many', () => {
  test('is one block for all whose streams end alike', () => {
    const readers = streams(10)
    for (const reader of readers) reader.write(toOne('id: 1-1\n\n'))

    for (let round = 0; round < 30; round++) {
      const packet = toMany(message())
      for (const reader of readers) reader.write(packet)

      expect(new Set(readers.map(({ lastBlock }) => lastBlock)).size).toBe(1)
    }
  })

  test('refers to what came before it: 1 KB of JSON takes less than a third', () => {
    const readers = streams(10)
    let size = 0
    for (let round = 0; round < 100; round++) {
      const packet = toMany(message())
      size += packet.bytes.length
      for (const reader of readers) reader.write(packet)
    }

    expect(readers[0]?.bytes.length).toBeLessThan(size / 3)
  })

  test('is as it is where it is small and few read it, and small among more readers, who share what came before', () => {
    const [few, more] = [streams(3), streams(4)]
    for (const readers of [few, more]) {
      for (let count = 1; count <= 20; count++) {
        const packet = toMany(
          `id: 1763791234567-${count}\nchannel: rooms.1\ndata: {"author":"Ada Lovelace","text":"Hello, everybody","room":"general","count":${count}}\n\n`,
        )
        for (const reader of readers) reader.write(packet)
      }
    }
    const written = few[0]?.plain.at(-1)?.length ?? 0

    expect(few[0]?.lastBlock).toHaveLength(written + 5)
    expect(more[0]?.lastBlock?.length).toBeLessThan(written + 5)
    for (const stream of [...few, ...more]) stream.expectWhole()
  })

  test('is deflated for a newcomer on its own until it has had as much as the others', () => {
    const readers = streams(10)
    const newcomer = new Stream()
    const same: boolean[] = []
    for (let round = 0; round < 40; round++) {
      const packet = toMany(message())
      for (const reader of readers) reader.write(packet)
      if (round < 10) continue
      newcomer.write(packet)
      same.push(newcomer.lastBlock === readers[0]?.lastBlock)
    }

    expect(same.slice(0, 5)).not.toContain(true)
    expect(same.slice(-10)).not.toContain(false)
  })

  test('is deflated a few times at most, however differently the streams of its readers end', () => {
    const readers = streams(200)
    const others = streams(200)
    for (let round = 0; round < 20; round++) {
      // Each has had the messages with a packet of its own in between, that two others have as well.
      readers.forEach((reader, index) => {
        const own = toMany(message())
        for (const one of [reader, ...others.slice(index, index + 3)]) one.write(own)
      })
      const packet = toMany(message())
      for (const reader of [...readers, ...others]) reader.write(packet)

      const blocks = new Set([...readers, ...others].map(({ lastBlock }) => lastBlock))
      expect(blocks.size).toBeLessThanOrEqual(5)
    }
    for (const stream of [...readers, ...others]) stream.expectWhole()
  })

  test('keeps nothing alive for a packet that is sent for ever', () => {
    const beat = toMany(':\n\n')
    for (let round = 0; round < 100; round++) {
      const readers = streams(8)
      const packet = toMany(message())
      for (const reader of readers) reader.write(packet)
      for (const reader of readers) reader.write(beat)
      const next = toMany(message())
      for (const reader of readers) reader.write(next)
      for (const reader of readers) reader.expectWhole()
    }
  })
})

describe('what goes to one reader', () => {
  test('is smaller where it is large', () => {
    const stream = new Stream()
    const page = Array.from({ length: 200 }, message).join('')

    stream.write(toOne(page))

    expect(stream.bytes.length).toBeLessThan(page.length / 3)
    expect(stream.soFar).toBe(page)
  })

  test('is deflated once for those who are given the same part of one buffer', () => {
    const [first, second] = streams(2)
    const page = encoder.encode(Array.from({ length: 20 }, message).join(''))

    first?.write(Packet.toOne(page.subarray(100, 9_000)))
    first?.write(Packet.toOne(page.subarray(9_000)))
    second?.write(Packet.toOne(page.subarray(0, 100)))
    second?.write(Packet.toOne(page.subarray(100, 9_000)))
    second?.write(Packet.toOne(page.subarray(9_000)))

    expect(second?.lastBlock).toBe(first?.lastBlock)
    expect(Buffer.from(second?.soFar ?? '')).toEqual(Buffer.from(page))
  })

  test('does not hold up the event loop: past an amount in one turn it is as it is, and no copy', async () => {
    const many = streams(64)
    const page = Array.from({ length: 100 }, message).join('')
    const pages = many.map(() => encoder.encode(page))

    many.forEach((stream, index) => void stream.write(Packet.toOne(pages[index] ?? new Uint8Array())))

    const deflated = many.filter(({ bytes }) => bytes.length < page.length / 2)
    expect(deflated.length).toBeGreaterThan(1)
    expect(deflated.length).toBeLessThan(12)
    expect(many.at(-1)?.packets.some(({ bytes }) => bytes.buffer === pages.at(-1)?.buffer)).toBe(true)
    await new Promise<void>((resolve) => setImmediate(resolve))
    const later = new Stream()
    later.write(toOne(page))
    expect(later.bytes.length).toBeLessThan(page.length / 2)
    for (const stream of many) stream.expectWhole()
  })
})

describe('whatever is written to whom', () => {
  const readers = 9
  /** What is written: to all, some or one; text, or bytes that do not get smaller; nothing, little or much. */
  const write = fc.record({
    to: fc.uniqueArray(fc.nat(readers - 1), { minLength: 1, maxLength: readers }),
    isShared: fc.boolean(),
    isRandom: fc.boolean(),
    size: fc.oneof(fc.nat(300), fc.nat(3_000), fc.nat(30_000), fc.constantFrom(0, 65_535, 65_536, 200_000)),
  })

  test('each has what it was written, and a stream that is whole', async () => {
    const text = Array.from({ length: 300 }, message).join('')
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 40 }), async (writes) => {
        const all = streams(readers)
        for (const { to, isShared, isRandom, size } of writes) {
          const from = (size * 7919) % (text.length - size)
          const bytes = isRandom ? new Uint8Array(randomBytes(size)) : encoder.encode(text.slice(from, from + size))
          const packet = isShared ? Packet.toMany(bytes) : Packet.toOne(bytes)
          for (const reader of to) all[reader]?.write(packet)
        }

        for (const stream of all) stream.expectWhole()
        await new Promise<void>((resolve) => setImmediate(resolve))
      }),
      { numRuns: 200 },
    )
  }, 60_000)
})
