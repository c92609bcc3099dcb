import { StringDecoder } from 'node:string_decoder'

/** One block of a stream, with what stood in it. */
export interface Block {
  readonly id?: string
  readonly event?: string
  readonly channel?: string
  readonly retry?: string
  /** Undefined where there is no `data` line: such a block fires nothing. */
  readonly data?: string
}

/**
 * Reads a stream in the one way that the hub writes it: lines that end with LF, a blank line after each block. Not the parser of the
 * package, so that an error there is not hidden from the checker; and a CR is data here, and so found to be one too many.
 */
export class BlockParser {
  readonly #decoder = new StringDecoder('utf8')
  #text = ''
  #searched = 0

  /** The blocks that are complete with these bytes. */
  push(bytes: Buffer): Block[] {
    this.#text += this.#decoder.write(bytes)
    const blocks: Block[] = []
    let begin = 0
    for (;;) {
      const end = this.#text.indexOf('\n\n', Math.max(begin, this.#searched))
      if (end < 0) break
      blocks.push(toBlock(this.#text.slice(begin, end)))
      begin = end + 2
      this.#searched = begin
    }
    this.#text = this.#text.slice(begin)
    this.#searched = Math.max(0, this.#text.length - 1)
    return blocks
  }
}

function toBlock(text: string): Block {
  const block: Record<string, string> = {}
  const data: string[] = []
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const name = line.slice(0, colon)
    const value = line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))
    if (name === 'data') data.push(value)
    else block[name] = value
  }
  return data.length === 0 ? block : { ...block, data: data.join('\n') }
}
