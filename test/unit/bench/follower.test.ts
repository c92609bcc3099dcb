import fc from 'fast-check'
import { expect, test } from 'vitest'

/** What is used here of the load, which is JavaScript that the types of the tests do not reach. */
interface Follower {
  readonly seq: number
  readonly count: number
  take(buffer: Buffer, start: number, end: number, arrived: number): void
}
interface Tally {
  readonly deliveries: number
  from: number
}
interface Load {
  readonly Follower: new (options: object) => Follower
  readonly Reference: new (payload: object, options: object) => object
  readonly Payload: new (options: object) => { toJson(seq: number, at: number): string }
  readonly Tally: new () => Tally
}

const load: Load = Object.assign(
  {},
  ...(await Promise.all(
    ['follower', 'reference', 'payload', 'tally'].map(
      (name) => import(new URL(`../../../bench/load/${name}.js`, import.meta.url).href),
    ),
  )),
)

const payload = new load.Payload({ shape: 'json', bytes: 150 })
const block = (seq: number) => `id: 1-${seq}\ndata: ${payload.toJson(seq, 1000 + seq)}\n\n`

/** Readers of one channel, who get their bytes by turns, in pieces that are cut anywhere. */
function readAll(streams: readonly string[], cuts: readonly number[]) {
  const faults: string[] = []
  const onFault = (fault: string) => faults.push(fault)
  const tally = new load.Tally()
  tally.from = 0
  const isExpected = () => true
  const reference = new load.Reference(payload, { isExpected, onFault, onTrim: () => undefined })
  const readers = streams.map((text) => ({
    bytes: Buffer.from(`: hello\n\n${block(0)}${text}`),
    at: 0,
    follower: new load.Follower({ payload, reference, tally, isExpected, onFault }),
  }))
  for (let turn = 0; readers.some(({ bytes, at }) => at < bytes.length); turn++) {
    const reader = readers[turn % readers.length]
    if (reader === undefined) break
    const end = Math.min(reader.bytes.length, reader.at + (cuts[turn % cuts.length] ?? 1))
    if (end > reader.at) reader.follower.take(reader.bytes, reader.at, end, 1)
    reader.at = end
  }
  return { faults, tally, counts: readers.map(({ follower }) => follower.count), readers }
}

const cuts = fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 40 })
const beats = fc.array(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 3 }), { minLength: 4, maxLength: 4 })
const seqs = Array.from({ length: 30 }, (_, index) => index + 1)

test('a load counts every message of every reader, however the streams are cut and wherever heartbeats stand', () => {
  fc.assert(
    fc.property(beats, cuts, (beats, cuts) => {
      const streams = beats.map((own) =>
        seqs.map((seq) => (own.includes(seq) ? `:\n\n${block(seq)}` : block(seq))).join(''),
      )
      const { faults, counts, tally } = readAll(streams, cuts)
      expect({ faults, counts, deliveries: tally.deliveries }).toEqual({
        faults: [],
        counts: beats.map(() => seqs.length),
        deliveries: beats.length * seqs.length,
      })
    }),
  )
})

test('a load counts what is lost at each reader, and finds no fault in it', () => {
  fc.assert(
    fc.property(fc.array(fc.subarray(seqs), { minLength: 2, maxLength: 5 }), cuts, (kept, cuts) => {
      const { faults, counts } = readAll(
        kept.map((own) => own.map(block).join('')),
        cuts,
      )
      expect({ faults, counts }).toEqual({ faults: [], counts: kept.map(({ length }) => length) })
    }),
  )
})

const damages: readonly [string, (blocks: string[], index: number) => void][] = [
  ['comes twice', (blocks, index) => void blocks.splice(index, 0, blocks[index] ?? '')],
  ['comes too late', (blocks, index) => void blocks.splice(index + 1, 0, ...blocks.splice(index, 1))],
  ['is damaged', (blocks, index) => void blocks.splice(index, 1, (blocks[index] ?? '').replace('"items"', '"itemz"'))],
  ['is cut short', (blocks, index) => void blocks.splice(index, 1, `${(blocks[index] ?? '').slice(0, -9)}\n\n`)],
]

test.each(damages)('a load finds a message that %s, at whatever reader', (_name, damage) => {
  const place = fc.record({ reader: fc.integer({ min: 0, max: 3 }), index: fc.integer({ min: 0, max: 28 }) })
  fc.assert(
    fc.property(place, cuts, ({ reader, index }, cuts) => {
      const streams = Array.from({ length: 4 }, (_, number) => {
        const blocks = seqs.map(block)
        if (number === reader) damage(blocks, index)
        return blocks.join('')
      })
      expect(readAll(streams, cuts).faults.length).toBeGreaterThan(0)
    }),
  )
})
