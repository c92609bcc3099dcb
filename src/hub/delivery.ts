import type { Entry } from '../broker/port.ts'
import { type EventFields, encodeEvent } from '../sse/encode.ts'

/** An entry with its frame: encoded once, the same bytes for every subscriber. */
export interface Delivery {
  readonly entry: Entry
  readonly frame: Uint8Array
}

const encoder = new TextEncoder()

export function toBytes(text: string): Uint8Array {
  return encoder.encode(text)
}

export function toDelivery(entry: Entry): Delivery {
  return { entry, frame: toBytes(encodeEvent(fieldsOf(entry))) }
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
