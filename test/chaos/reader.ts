import { type ClientRequest, request } from 'node:http'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { type Block, BlockParser } from './block-parser.ts'
import type { History } from './history.ts'
import { messageOf, sumOf } from './payload.ts'
import type { Prng } from './prng.ts'

export interface ReaderOptions {
  readonly number: number
  readonly channels: readonly string[]
  /** Where there are hubs, or what leads to them. It moves between them. */
  readonly ports: readonly number[]
  readonly history: History
  readonly prng: Prng
  /** Milliseconds between what it does of its own accord, on average. @default it only reads */
  readonly restless?: number | undefined
  /** Whether it stalls, and for longer, more often than it goes. @default false */
  readonly isSleepy?: boolean | undefined
}

/** How much sooner it connects again than the hub asks, so that a short run has many connections. */
const hurry = 20
const mostWait = 500

/** What a restless reader may do next. */
const whims = ['drop', 'drop', 'drop', 'leave', 'stall'] as const
const sleepyWhims = ['stall', 'stall', 'stall', 'drop'] as const

/** A page with an `EventSource`, over all its connections: it keeps its last event id, and connects again when it is cut. */
export class Reader {
  readonly number: number
  readonly channels: readonly string[]
  readonly #options: ReaderOptions
  /** HTML standard, 9.2.6: set whenever a block ends, to what the last `id:` of this stream said. */
  #lastEventId = ''
  #retry = 1_000
  #isCalm = false
  #isEnded = false
  #request: ClientRequest | undefined
  #body: Readable | undefined
  #wake: () => void = () => {}
  #finished: Promise<void> | undefined
  #hasPlace = false
  readonly #seen = new Set<number>()

  constructor(options: ReaderOptions) {
    this.#options = options
    this.number = options.number
    this.channels = options.channels
  }

  /** Whether its present connection has told it where it stands. */
  get hasPlace(): boolean {
    return this.#hasPlace
  }

  has(message: number): boolean {
    return this.#seen.has(message)
  }

  start(): void {
    this.#finished ??= this.#live()
  }

  /** From now on it stays and reads. */
  calm(): void {
    this.#isCalm = true
    this.#body?.resume()
    this.#wake()
  }

  async stop(): Promise<void> {
    this.#isEnded = true
    this.#request?.destroy()
    this.#wake()
    await this.#finished
  }

  async #live(): Promise<void> {
    while (!this.#isEnded) {
      const wait = await this.#connect()
      this.#hasPlace = false
      if (!this.#isEnded) await this.#sleep(wait)
    }
  }

  /** One connection. Resolves when it has ended, with the time until the next. */
  #connect(): Promise<number> {
    const { history, number: reader, channels, ports, prng } = this.#options
    const connection = history.nextConnection()
    const cursor = this.#lastEventId === '' ? undefined : this.#lastEventId
    history.record({ type: 'connect', reader, connection, channels, cursor })
    return new Promise((resolve) => {
      let endWhims = () => {}
      let isOver = false
      const finish = (why: string, wait = Math.min(mostWait, this.#retry / hurry)) => {
        if (isOver) return
        isOver = true
        endWhims()
        sent.destroy()
        history.record({ type: 'end', reader, connection, why })
        resolve(wait)
      }
      const sent = request({
        host: '127.0.0.1',
        port: prng.pick(ports),
        path: `/sse?${channels.map((channel) => `channel=${channel}`).join('&')}`,
        headers: {
          accept: 'text/event-stream',
          // Every other reader.
          'accept-encoding': reader % 2 === 1 ? 'gzip' : 'identity',
          ...(cursor === undefined ? {} : { 'last-event-id': cursor }),
        },
        agent: false,
      })
      this.#request = sent
      this.#body = undefined
      sent.on('error', (error) => finish(`error: ${error.message}`))
      sent.on('response', (response) => {
        const { statusCode = 0 } = response
        if (statusCode !== 200) {
          // 502 and so on are of what stands between, and there is nothing.
          if (statusCode !== 503) history.record({ type: 'odd', reader, what: `status ${statusCode}` })
          finish(`status ${statusCode}`)
          return
        }
        history.record({ type: 'open', reader, connection })
        const parser = new BlockParser()
        const stream = { id: '' }
        const body = response.headers['content-encoding'] === 'gzip' ? response.pipe(createGunzip()) : response
        this.#body = body
        body.on('data', (bytes: Buffer) => {
          if (isOver) return
          for (const block of parser.push(bytes)) this.#take(block, connection, stream)
        })
        response.on('error', (error) => finish(`error: ${error.message}`))
        // What has come may still be on its way through gunzip, and a stream that was cut has no end there.
        body.on('end', () => finish('closed'))
        if (body === response) return
        body.on('error', ({ message }) => {
          if (!isOver) history.record({ type: 'odd', reader, what: `gzip: ${message}` })
          finish('gzip')
        })
      })
      sent.end()
      endWhims = this.#behave(finish)
    })
  }

  #take(block: Block, connection: number, stream: { id: string }): void {
    const { history, number: reader } = this.#options
    const { id, event, data } = block
    if (block.retry !== undefined) this.#retry = Number(block.retry)
    if (id !== undefined) stream.id = id
    this.#lastEventId = stream.id
    if (id !== undefined && id !== '') this.#hasPlace = true
    if (data === undefined) {
      if (id !== undefined) history.record({ type: 'place', reader, connection, id })
    } else if (event === 'millrace:gap') {
      const { channels, reason } = JSON.parse(data) as { channels: string[]; reason: string }
      history.record({ type: 'gap', reader, connection, channels, reason })
    } else {
      const message = messageOf(data)
      if (Number.isNaN(message)) {
        history.record({ type: 'odd', reader, what: `data of no message: ${JSON.stringify(data.slice(0, 80))}` })
        return
      }
      this.#seen.add(message)
      const channels = block.channel?.split(',') ?? []
      history.record({ type: 'message', reader, connection, id, message, channels, event, sum: sumOf(data) })
    }
  }

  /** What it does of its own accord while it is connected. */
  #behave(finish: (why: string, wait?: number) => void): () => void {
    const { restless, isSleepy = false, prng } = this.#options
    if (restless === undefined) return () => {}
    let timer: NodeJS.Timeout
    const next = () => {
      timer = setTimeout(act, prng.int(1, 2 * restless))
    }
    const act = () => {
      const whim = prng.pick(isSleepy ? sleepyWhims : whims)
      const ms = prng.int(200, isSleepy ? 6_000 : 3_000)
      if (this.#isCalm) return
      if (whim === 'drop') finish('drop', prng.int(0, 100))
      else if (whim === 'leave') finish('leave', ms)
      else {
        this.#body?.pause()
        timer = setTimeout(() => {
          this.#body?.resume()
          next()
        }, ms)
      }
    }
    next()
    return () => clearTimeout(timer)
  }

  /** No longer than it stays restless. */
  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#isCalm ? Math.min(ms, mostWait) : ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
