const encoder = new TextEncoder()

export function toBytes(text: string): Uint8Array {
  return encoder.encode(text)
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
