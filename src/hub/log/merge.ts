import { joinBytes } from '../../base/bytes.ts'
import type { Broker, Position } from '../../broker/port.ts'
import type { Delivery } from '../delivery.ts'
import { type Batch, pageLimit } from './page.ts'
import type { Run } from './run.ts'

/** Where to begin in what there is of a channel. */
export interface Source {
  readonly run: Run
  /** Index of the first delivery that is asked for. */
  readonly first: number
}

export interface Merged extends Batch {
  /** Whether there was more than a page holds. */
  readonly isFull: boolean
}

interface Found {
  readonly run: Run
  readonly index: number
  readonly position: Position
  readonly delivery: Delivery
}

/** Parts that are written one by one; more are made one, which costs each reader a copy. */
const maxParts = 8

/** One page of what several channels have, in order of position, and no further than `bound`. */
export function mergeRuns(compare: Broker['compare'], sources: readonly Source[], bound: Position | undefined): Merged {
  const filled = sources.filter(({ run, first }) => first < run.deliveries.length)
  const [only] = filled
  return filled.length === 1 && only !== undefined ? cutRun(compare, only, bound) : merge(compare, filled, bound)
}

/** What has entries of one channel only is cut out of what there is. */
function cutRun(compare: Broker['compare'], { run, first }: Source, bound: Position | undefined): Merged {
  const { deliveries } = run
  const all = bound === undefined ? deliveries.length : run.indexAfter(bound, compare)
  let end = first
  for (let bytes = 0; end < all && end < first + pageLimit.entries && bytes < pageLimit.bytes; end++)
    bytes += deliveries[end]?.frame.length ?? 0
  return { deliveries: deliveries.slice(first, end), parts: run.bytes(first, end), isFull: end < all }
}

function merge(compare: Broker['compare'], sources: readonly Source[], bound: Position | undefined): Merged {
  const all: Found[] = []
  for (const { run, first } of sources) {
    // One more than a page takes, to know whether it is full.
    for (let index = first; index <= first + pageLimit.entries; index++) {
      const delivery = run.deliveries[index]
      const position = delivery?.entry.position
      if (delivery === undefined || position == null) break
      if (bound !== undefined && compare(position, bound) > 0) break
      all.push({ run, index, position, delivery })
    }
  }
  all.sort((a, b) => compare(a.position, b.position))
  const found: Found[] = []
  let bytes = 0
  let isFull = false
  for (const item of all) {
    // A message on two of the channels.
    if (item.position === found.at(-1)?.position) continue
    isFull = found.length >= pageLimit.entries || bytes >= pageLimit.bytes
    if (isFull) break
    found.push(item)
    bytes += item.delivery.frame.length
  }
  return { deliveries: found.map(({ delivery }) => delivery), parts: toParts(found), isFull }
}

/** What follows on each other in one run is a view of its bytes. */
function toParts(found: readonly Found[]): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let start = 0; start < found.length; ) {
    const begin = found[start]
    if (begin === undefined) break
    let length = 1
    while (found[start + length]?.run === begin.run && found[start + length]?.index === begin.index + length) length++
    parts.push(...begin.run.bytes(begin.index, begin.index + length))
    start += length
  }
  return parts.length > maxParts ? [joinBytes(parts)] : parts
}
