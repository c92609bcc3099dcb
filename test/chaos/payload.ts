import { crc32 } from 'node:zlib'

/** What the data is filled with: what frames could be mistaken for, more than one byte to a character, and line ends. */
const fillers = ['x', 'data: ', '\n', '\n\nid: 1-1\n', '{"a":"\\n"}', 'ä€', '🚣', ': ', 'retry: 1\n']

/** The data of a message: its number, and text that follows from the number alone. About `size` characters. */
export function toPayload(message: number, size: number): string {
  const head = `${message}|`
  const filler = `${fillers[message % fillers.length]}${fillers[(message >> 2) % fillers.length]}${message}`
  const times = Math.ceil(Math.max(0, size - head.length) / filler.length)
  return head + filler.repeat(times)
}

/** NaN where the data is none of ours. */
export function messageOf(data: string): number {
  const bar = data.slice(0, 20).indexOf('|')
  return bar < 1 ? Number.NaN : Number(data.slice(0, bar))
}

export function sumOf(data: string): number {
  return crc32(data)
}
