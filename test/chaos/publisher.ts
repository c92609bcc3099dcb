import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { History } from './history.ts'
import { sumOf, toPayload } from './payload.ts'
import type { Prng } from './prng.ts'

export interface PublisherOptions {
  readonly number: number
  readonly channels: readonly string[]
  /** Where there are hubs, or what leads to them. */
  readonly ports: readonly number[]
  readonly history: History
  readonly prng: Prng
  /** The longest pause between two messages, in ms; after a burst it is longer. @default 100 */
  readonly pause?: number
}

interface Draft {
  readonly message: number
  readonly body: string
}

/** How long one attempt may take, in ms. */
const attemptTime = 2_500
/** For so long a message is tried once the faults are over, in ms. */
const lastPatience = 60_000

/** Publishes over HTTP, one request after the other; what is not acknowledged it tries again with the same id. */
export class Publisher {
  readonly #options: PublisherOptions
  readonly #agent = new Agent({ keepAlive: true })
  /** Nothing is tried after it. */
  #end = Number.POSITIVE_INFINITY
  #finished: Promise<void> | undefined

  get #isStopping(): boolean {
    return this.#end < Number.POSITIVE_INFINITY
  }

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  /** Publishes until it is stopped: now and then a burst, and quiet between. */
  start(): void {
    this.#finished ??= this.#live()
  }

  /** Resolves when the last message is acknowledged, or given up after so many ms. @default 60_000 */
  async stop(patience = lastPatience): Promise<void> {
    this.#end = Math.min(this.#end, performance.now() + patience)
    await this.#finished
    this.#agent.destroy()
  }

  /** A burst that fills what lies between a hub and readers that do not read: `bytes` in all. */
  async flood(channel: string, bytes: number): Promise<void> {
    const size = 100_000
    for (let sent = 0; sent < bytes && !this.#isStopping; sent += size)
      await this.publish([this.draft([channel], size)])
  }

  draft(channels: readonly string[], size: number): Draft {
    const { history, prng, number: publisher } = this.#options
    const message = history.nextMessage()
    const data = toPayload(message, size)
    const event = prng.chance(0.2) ? 'Named' : undefined
    history.record({
      type: 'publish',
      message,
      publisher,
      channels,
      event,
      bytes: Buffer.byteLength(data),
      sum: sumOf(data),
    })
    const target = channels.length === 1 ? { channel: channels[0] } : { channels }
    return { message, body: JSON.stringify({ ...target, data, event, id: `chaos-${message}` }) }
  }

  /** One request for all of them, until it is acknowledged or given up: by a whim, or after `patience` ms. */
  async publish(drafts: readonly Draft[], patience = Number.POSITIVE_INFINITY): Promise<void> {
    const end = performance.now() + patience
    const isLast = patience < Number.POSITIVE_INFINITY
    const { history, prng, ports } = this.#options
    const [only] = drafts
    const body = drafts.length === 1 && only ? only.body : `[${drafts.map((draft) => draft.body).join()}]`
    for (;;) {
      const outcome = await this.#attempt(prng.pick(ports), body)
      if (typeof outcome !== 'string') {
        drafts.forEach(({ message }, index) => {
          history.record({ type: 'acknowledged', message, position: String(outcome[index]) })
        })
        return
      }
      for (const { message } of drafts) history.record({ type: 'unsure', message, why: outcome })
      const isLate = performance.now() > Math.min(end, this.#end)
      if (isLate || (!isLast && !this.#isStopping && prng.chance(0.03))) {
        for (const { message } of drafts) history.record({ type: isLate ? 'never-answered' : 'given-up', message })
        return
      }
      await delay(prng.int(20, 200))
    }
  }

  async #live(): Promise<void> {
    const { prng, pause = 100 } = this.#options
    while (!this.#isStopping) {
      const isBurst = prng.chance(0.1)
      for (let left = isBurst ? prng.int(10, 60) : 1; left > 0 && !this.#isStopping; left--) {
        const count = prng.chance(0.1) ? prng.int(2, 10) : 1
        await this.publish(Array.from({ length: count }, () => this.#next()))
      }
      await delay(prng.int(0, isBurst ? 4 * pause : pause))
    }
  }

  #next(): Draft {
    const { prng, channels } = this.#options
    const size = prng.chance(0.02) ? prng.int(10_000, 90_000) : prng.int(10, prng.chance(0.1) ? 5_000 : 300)
    return this.draft(prng.chance(0.3) ? prng.some(channels) : [prng.pick(channels)], size)
  }

  /** The positions, or why there are none. */
  #attempt(port: number, body: string): Promise<readonly (string | null)[] | string> {
    const { history } = this.#options
    return new Promise((resolve) => {
      const sent = request({
        host: '127.0.0.1',
        port,
        path: '/publish',
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        agent: this.#agent,
      })
      const finish = (outcome: readonly (string | null)[] | string) => {
        clearTimeout(timer)
        resolve(outcome)
      }
      const timer = setTimeout(() => {
        finish('no answer in time')
        sent.destroy()
      }, attemptTime)
      sent.on('error', (error) => finish(error.message))
      sent.on('response', (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('error', (error) => finish(error.message))
        response.on('end', () => {
          const { statusCode } = response
          if (statusCode === 200) {
            const answer = JSON.parse(text) as { id?: string; ids?: string[] }
            finish(answer.ids ?? [answer.id ?? null])
          } else {
            if (statusCode !== 503) history.record({ type: 'odd', what: `a publish got ${statusCode}: ${text}` })
            finish(`status ${statusCode}`)
          }
        })
      })
      sent.end(body)
    })
  }
}
