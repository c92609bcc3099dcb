import type { Clock } from '../base/clock.ts'
import type { JobError } from '../queue/failed.ts'
import type { Row } from './client.ts'
import type { RelayClient, RelayPool } from './connection.ts'
import type { TableName } from './table.ts'
import { releasedOn, tellReleased, wokenOn } from './wake.ts'

/** A statement that has no answer after this time has lost its connection, whatever the system says of it. In ms. */
const answerLimit = 30_000

/** How many bytes of events are read at once, and one event more. */
const readLimit = 4 * 1024 * 1024

/** The upper half of the relay's advisory lock: "MLOB". The lower half is the table's number. */
const lockSpace = 0x4d_4c_4f_42

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

/** A committed event in its row. */
export interface OutboxRow {
  readonly id: string
  /** The stored event as text: somebody else may have written it. */
  readonly event: string
  /** How often its dispatch has failed. */
  readonly attempts: number
}

/**
 * A relay's connection to PostgreSQL, from the moment that it is open to the one that it is lost or ended. The lock, the reading and the
 * deleting are of the same connection: who has lost the lock cannot delete.
 */
export class Session {
  readonly #client: RelayClient
  readonly #name: TableName
  readonly #clock: Clock
  readonly #wakes: () => void
  #oid = ''
  #lost: { readonly error: unknown } | undefined
  #isEnded = false
  #hasLock = false
  #isNudged = false
  /** The statement that was asked last. */
  #last: Promise<unknown> = Promise.resolve()
  #done: string[] = []
  #deleting: Promise<void> | undefined

  private constructor(client: RelayClient, name: TableName, clock: Clock, wakes: () => void) {
    this.#client = client
    this.#name = name
    this.#clock = clock
    this.#wakes = wakes
    client.on('error', (error) => this.#lose(error))
    client.on('end', () => this.#lose(new Error('The connection ended.')))
    client.on('notification', ({ channel }) => {
      if (channel !== wokenOn(this.#oid) && channel !== releasedOn(this.#oid)) return
      this.#isNudged = true
      this.#wakes()
    })
  }

  /** @param wakes Called when there is something to look for, or the connection is lost. Rejects where there is no connection. */
  static async open(pool: RelayPool, name: TableName, clock: Clock, wakes: () => void): Promise<Session> {
    const connecting = pool.connect()
    const client = await within(clock, connecting, () => {
      // Nobody waits for it any more, so nobody would end it.
      connecting.then((late) => late.release(true)).catch(() => undefined)
    })
    const session = new Session(client, name, clock, wakes)
    try {
      await session.#prepare()
    } catch (error) {
      session.end()
      throw error
    }
    return session
  }

  get isLost(): boolean {
    return this.#lost !== undefined
  }

  /** Throws what the connection was lost by, if it was. */
  assertThere(): void {
    if (this.#lost !== undefined) throw this.#lost.error
  }

  /** Whether there may be something to do that nobody has looked for yet. */
  get isNudged(): boolean {
    return this.#isNudged
  }

  /** Somebody looks now. */
  takeNudge(): void {
    this.#isNudged = false
  }

  /** Whether this is the one relay. Tells at once: whoever waits in a statement keeps VACUUM from cleaning up. */
  async lock(): Promise<boolean> {
    const [row] = await this.#ask(`SELECT pg_try_advisory_lock(${this.#lockKey}) AS locked`)
    if (row?.locked !== true) return false
    this.#hasLock = true
    // Before the first look: what is committed from here on is heard of.
    await this.#ask(`LISTEN "${wokenOn(this.#oid)}"`)
    return true
  }

  /** The first of what is committed, in order. */
  async read(limit: number): Promise<readonly OutboxRow[]> {
    const { sql } = this.#name
    const rows = await this.#ask(
      'SELECT id::text AS id, event, attempts FROM (' +
        'SELECT id, event, attempts, sum(octet_length(event)) OVER (ORDER BY id) - octet_length(event) AS before FROM (' +
        `SELECT id, event::text AS event, attempts FROM ${sql} WHERE failed IS NULL ORDER BY id LIMIT ${limit}` +
        `) AS first) AS sized WHERE before < ${readLimit} ORDER BY sized.id`,
    )
    return rows.map(({ id, event, attempts }) => ({
      id: String(id),
      event: String(event),
      attempts: Number(attempts),
    }))
  }

  /** The row's event was dispatched: it goes, together with those that are done until the statement before has its answer. */
  done({ id }: OutboxRow): void {
    this.#done.push(id)
    this.#deleting ??= this.#delete()
  }

  /** Resolves when all that is done has gone. */
  async settled(): Promise<void> {
    await this.#deleting
    this.assertThere()
  }

  async failedOnce({ id }: OutboxRow, attempts: number, error: JobError): Promise<void> {
    await this.#ask(`UPDATE ${this.#name.sql} SET attempts = $2, error = $3::text::json WHERE id = $1`, [
      id,
      attempts,
      JSON.stringify(error),
    ])
  }

  async setAside({ id }: OutboxRow, attempts: number, error: JobError): Promise<void> {
    await this.#ask(
      `UPDATE ${this.#name.sql} SET attempts = $2, error = $3::text::json, failed = clock_timestamp() WHERE id = $1`,
      [id, attempts, JSON.stringify(error)],
    )
  }

  /** Gives the lock back, so that who stands by has it at once, and ends. */
  async release(): Promise<void> {
    if (!this.isLost && this.#hasLock) {
      await this.#ask(`SELECT pg_advisory_unlock(${this.#lockKey}), ${tellReleased(this.#name)} AS told`)
    }
    this.end()
  }

  /** Its settings are its own, so nobody else gets the connection. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#client.release(true)
  }

  get #lockKey(): string {
    return `(${lockSpace}::bigint << 32) | ${this.#oid}`
  }

  async #prepare(): Promise<void> {
    const known = Object.entries(settings)
      .map(([name, value]) => `('${name}', '${value}')`)
      .join(', ')
    await this.#ask(
      `SELECT set_config(name, value, false) FROM (VALUES ${known}) AS wanted (name, value) ` +
        'WHERE EXISTS (SELECT FROM pg_settings WHERE pg_settings.name = wanted.name)',
    )
    const [row] = await this.#ask(`SELECT (${this.#name.oid})::text AS oid`)
    this.#oid = String(row?.oid)
    await this.#ask(`LISTEN "${releasedOn(this.#oid)}"`)
  }

  async #delete(): Promise<void> {
    try {
      while (this.#done.length > 0) {
        const ids = this.#done
        this.#done = []
        await this.#ask(`DELETE FROM ${this.#name.sql} WHERE id = ANY ($1::text::bigint[])`, [`{${ids.join()}}`])
      }
    } catch (error) {
      // A relay that cannot delete would dispatch the same again and again. `settled` tells.
      this.#lose(error)
    } finally {
      this.#deleting = undefined
    }
  }

  /** One statement at a time: pg has no queue for them any more from version 9 on. */
  #ask(text: string, values?: unknown[]): Promise<readonly Row[]> {
    const answer = this.#last.then(() => this.#send(text, values))
    this.#last = answer.catch(() => undefined)
    return answer
  }

  async #send(text: string, values: unknown[] | undefined): Promise<readonly Row[]> {
    this.assertThere()
    const answer = this.#client.query(text, values)
    const { rows } = await within(this.#clock, answer, () => this.#lose(new Error('PostgreSQL does not answer.')))
    this.assertThere()
    return rows
  }

  #lose(error: unknown): void {
    if (this.#lost !== undefined || this.#isEnded) return
    this.#lost = { error }
    this.end()
    this.#wakes()
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
