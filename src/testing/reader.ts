import type { Packet } from '../hub/packet.ts'
import type { Sink } from '../hub/sink.ts'
import { controlEvents, type Gap, parseGap } from '../sse/control.ts'
import { createParser, type ParsedEvent } from '../sse/parse.ts'

/** A reader without a network: a sink that reads what a hub writes as a browser would, and can be told to stall. */
export class Reader implements Sink {
  readonly events: ParsedEvent[] = []
  readonly gaps: Gap[] = []
  /** What has been seen, in the order of the stream: data, and `gap:` with its reason. */
  readonly log: string[] = []
  isClosed = false
  /** Whether it was closed with bytes that had not reached it. */
  isCut = false
  text = ''

  readonly #parser
  #waiting: Uint8Array[] = []
  #isStalled = false
  #drain: () => void = () => {}
  #closed: () => void = () => {}
  readonly #decoder = new TextDecoder()
  readonly #onChange: () => void

  /** @param onChange Called when it has seen something, and when its stream has ended. */
  constructor(lastEventId = '', onChange: () => void = () => {}) {
    this.#onChange = onChange
    this.#parser = createParser({ onEvent: (event) => this.#take(event) }, { lastEventId })
  }

  /** The cursor with which a browser would come back. */
  get lastEventId(): string {
    return this.#parser.lastEventId
  }

  get data(): string[] {
    return this.events.map(({ data }) => data)
  }

  get buffered(): number {
    return this.#waiting.reduce((sum, { length }) => sum + length, 0)
  }

  write({ bytes }: Packet): boolean {
    if (this.isClosed) return false
    if (this.#isStalled) {
      this.#waiting.push(bytes)
      return false
    }
    this.#read(bytes)
    return true
  }

  onDrain(run: () => void): void {
    this.#drain = run
  }

  onClose(run: () => void): void {
    this.#closed = run
  }

  end(): void {
    this.isClosed = true
    this.#onChange()
  }

  cut(): void {
    this.#waiting = []
    this.isClosed = this.isCut = true
    this.#onChange()
    this.#closed()
  }

  stall(): void {
    this.#isStalled = true
  }

  /** Reads on. */
  flow(): void {
    this.#isStalled = false
    const waiting = this.#waiting
    this.#waiting = []
    for (const bytes of waiting) this.#read(bytes)
    if (waiting.length > 0) this.#drain()
  }

  /** Goes away, as a closed page does: what was on its way is lost. */
  leave(): void {
    this.#waiting = []
    this.isClosed = true
    this.#onChange()
    this.#closed()
  }

  #read(bytes: Uint8Array): void {
    this.text += this.#decoder.decode(bytes, { stream: true })
    this.#parser.pushBytes(bytes)
  }

  #take(event: ParsedEvent): void {
    if (event.event === controlEvents.gap) {
      const gap = parseGap(event.data)
      this.gaps.push(gap)
      this.log.push(`gap:${gap.reason}`)
    } else {
      this.events.push(event)
      this.log.push(event.data)
    }
    this.#onChange()
  }
}
