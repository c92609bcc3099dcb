import type { Entry } from '../broker/port.ts'
import { type EventFields, encodeEvent } from '../sse/encode.ts'

/** An entry with its frame. */
export interface Delivery {
  readonly entry: Entry
  /** The same bytes for every subscriber, encoded when they are first asked for: nobody may be live, and the reader slow. */
  readonly frame: Uint8Array
}

const encoder = new TextEncoder()

export function toBytes(text: string): Uint8Array {
  return encoder.encode(text)
}

export function toDelivery(entry: Entry): Delivery {
  return new EntryDelivery(entry)
}

class EntryDelivery implements Delivery {
  readonly entry: Entry
  #frame: Uint8Array | undefined

  constructor(entry: Entry) {
    this.entry = entry
  }

  get frame(): Uint8Array {
    this.#frame ??= toBytes(encodeEvent(fieldsOf(this.entry)))
    return this.#frame
  }
}

/** What a delivery is counted as, without asking for its frame: UTF-16 code units of its data, as a page of the log counts. */
export function sizeOf({ entry }: Delivery): number {
  return entry.data.length
}

/**
 * The frame of an entry that was found missing after later ones had been sent. It has no id: it must not move anyone's cursor back
 * to before them.
 */
export function toLateFrame(entry: Entry): Uint8Array {
  return toBytes(encodeEvent(fieldsOf({ ...entry, position: null })))
}

/** One buffer of several; the one itself where it is alone. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

function fieldsOf({ position, event, channels, data }: Entry): EventFields {
  return {
    ...(position === null ? {} : { id: position }),
    ...(event === undefined ? {} : { event }),
    channel: channels,
    data,
  }
}
