import type { Clock } from '../base/clock.ts'
import type { Row } from './client.ts'
import type { RelayClient, RelayPool } from './connection.ts'

/** A statement that has no answer after this time has lost its connection, whatever the system says of it. In ms. */
const answerLimit = 30_000

/**
 * How this connection differs from others of the application. All of it any user may set; a version that does not know one is left alone.
 */
const settings: Readonly<Record<string, string>> = {
  application_name: 'millrace outbox',
  default_transaction_isolation: 'read committed',
  // It listens, and so is idle.
  idle_session_timeout: '0',
  // A relay whose machine is gone must not keep the lock: the server closes the connection after 25 s.
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '25000',
  // In order of the index, whatever the statistics of a table say that was empty a moment ago.
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_sort: 'off',
  jit: 'off',
}

/** Who has a line. Nothing here may throw. */
export interface LineEars {
  onNotification(channel: string): void
  onLost(): void
}

/** A connection to PostgreSQL, from the moment that it is open to the one that it is lost or ended: one statement at a time. */
export class Line {
  readonly #client: RelayClient
  readonly #clock: Clock
  readonly #ears: LineEars
  #lost: { readonly error: unknown } | undefined
  #isEnded = false
  /** The statement that was asked last. */
  #last: Promise<unknown> = Promise.resolve()

  private constructor(client: RelayClient, clock: Clock, ears: LineEars) {
    this.#client = client
    this.#clock = clock
    this.#ears = ears
    client.on('error', (error) => this.lose(error))
    client.on('end', () => this.lose(new Error('The connection ended.')))
    client.on('notification', ({ channel }) => ears.onNotification(channel))
  }

  /** Rejects where there is no connection, or none that can be used. */
  static async open(pool: RelayPool, clock: Clock, ears: LineEars): Promise<Line> {
    const connecting = pool.connect()
    const client = await within(clock, connecting, () => {
      // Nobody waits for it any more, so nobody would end it.
      connecting.then((late) => late.release(true)).catch(() => undefined)
    })
    const line = new Line(client, clock, ears)
    try {
      await line.#set()
    } catch (error) {
      line.end()
      throw error
    }
    return line
  }

  get isLost(): boolean {
    return this.#lost !== undefined
  }

  /** Throws what it was lost by, if it was. */
  assertThere(): void {
    if (this.#lost !== undefined) throw this.#lost.error
  }

  /** The rows that answer. They wait for each other: pg has no queue for statements any more from version 9 on. */
  ask(text: string, values?: unknown[]): Promise<readonly Row[]> {
    const answer = this.#last.then(() => this.#send(text, values))
    this.#last = answer.catch(() => undefined)
    return answer
  }

  /** Ends it as one that does not do what it must. */
  lose(error: unknown): void {
    if (this.#lost !== undefined || this.#isEnded) return
    this.#lost = { error }
    this.end()
    this.#ears.onLost()
  }

  /** Its settings are its own, so nobody else gets the connection. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#client.release(true)
  }

  async #send(text: string, values: unknown[] | undefined): Promise<readonly Row[]> {
    this.assertThere()
    const answer = this.#client.query(text, values)
    const { rows } = await within(this.#clock, answer, () => this.lose(new Error('PostgreSQL does not answer.')))
    this.assertThere()
    return rows
  }

  async #set(): Promise<void> {
    const wanted = Object.entries(settings)
      .map(([name, value]) => `('${name}', '${value}')`)
      .join(', ')
    await this.ask(
      `SELECT set_config(name, value, false) FROM (VALUES ${wanted}) AS wanted (name, value) ` +
        'WHERE EXISTS (SELECT FROM pg_settings WHERE pg_settings.name = wanted.name)',
    )
  }
}

/** The answer, or a rejection when there is none for too long. */
async function within<T>(clock: Clock, answer: Promise<T>, tooLate: () => void): Promise<T> {
  let cancel = () => {}
  const limit = new Promise<never>((_resolve, reject) => {
    cancel = clock.after(answerLimit, () => {
      tooLate()
      reject(new Error(`PostgreSQL did not answer within ${answerLimit} ms.`))
    })
  })
  try {
    return await Promise.race([answer, limit])
  } finally {
    cancel()
  }
}
