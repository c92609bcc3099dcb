import { endOfTurn } from '../base/turn.ts'
import { deflate, none, smallestAlone, store, storedParts } from './block.ts'
import type { Zlib } from './zlib.ts'

/** Stored up to this size in one buffer, and above it around the buffer that it is in, which may be shared. */
const mostCopied = 4 * 1024

/**
 * Bytes that are deflated in one turn of the event loop for one reader each, some 4 ms. What is more is stored: where many come back
 * at once, all are served in time rather than each with fewer bytes.
 */
const mostInTurn = 512 * 1024

/** What to begin with a message costs, in bytes that could be deflated in that time. */
const beginning = 4 * 1024

/** How many views of one buffer are remembered with their blocks. */
const mostViews = 4

interface View {
  readonly offset: number
  readonly length: number
  readonly blocks: Uint8Array
}

let spent = 0

/**
 * Views of the buffers in which the log is read to many, and what they were deflated to: those who have come back together, with one
 * cursor, are given the same ones.
 */
const known = new WeakMap<ArrayBufferLike, View[]>()

/** A packet for one reader as blocks that can be put behind any others, in one or more parts. */
export function ownBlocks(zlib: Zlib, bytes: Uint8Array): readonly Uint8Array[] {
  if (bytes.length <= smallestAlone) return [store(bytes, none)]
  const views = known.get(bytes.buffer) ?? []
  const same = views.find(({ offset, length }) => offset === bytes.byteOffset && length === bytes.length)
  if (same !== undefined) return [same.blocks]
  if (!spend(bytes.length + beginning)) return bytes.length <= mostCopied ? [store(bytes, none)] : storedParts(bytes)
  const blocks = deflate(zlib, bytes)
  if (bytes.length > mostCopied && views.length < mostViews) {
    known.set(bytes.buffer, [...views, { offset: bytes.byteOffset, length: bytes.length, blocks }])
  }
  return [blocks]
}

function spend(cost: number): boolean {
  if (spent === 0) {
    endOfTurn(() => {
      spent = 0
    })
  }
  // However large, one is taken in a turn that has taken none.
  if (spent > 0 && spent + cost > mostInTurn) return false
  spent += cost
  return true
}
