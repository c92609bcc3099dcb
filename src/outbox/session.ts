import type { Clock } from '../base/clock.ts'
import type { JobError } from '../queue/failed.ts'
import type { RelayPool } from './connection.ts'
import { Line } from './line.ts'
import type { TableName } from './table.ts'
import { releasedOn, tellReleased, wokenOn } from './wake.ts'

/** How many bytes of events are read at once, and one event more. */
const readLimit = 4 * 1024 * 1024

/** The upper half of the relay's advisory lock: "MLOB". The lower half is the table's number. */
const lockSpace = 0x4d_4c_4f_42

/** A committed event in its row. */
export interface OutboxRow {
  readonly id: string
  /** The stored event as text: somebody else may have written it. */
  readonly event: string
  /** How often its dispatch has failed. */
  readonly attempts: number
}

/**
 * What a relay does by one connection. The lock, the reading and the deleting are of the same one: who has lost the lock cannot delete.
 */
export class Session {
  readonly #line: Line
  readonly #name: TableName
  /** The table's number. */
  readonly #oid: string
  readonly #nudge: { isThere: boolean }
  #hasLock = false
  #done: string[] = []
  #deleting: Promise<void> | undefined

  private constructor(line: Line, name: TableName, oid: string, nudge: { isThere: boolean }) {
    this.#line = line
    this.#name = name
    this.#oid = oid
    this.#nudge = nudge
  }

  /** @param wakes Called when there is something to look for, or the connection is lost. Rejects where there is no connection. */
  static async open(pool: RelayPool, name: TableName, clock: Clock, wakes: () => void): Promise<Session> {
    // The connection listens to nothing that is none of the relay's.
    const nudge = { isThere: false }
    const onNotification = () => {
      nudge.isThere = true
      wakes()
    }
    const line = await Line.open(pool, clock, { onNotification, onLost: wakes })
    try {
      const [row] = await line.ask(`SELECT (${name.oid})::text AS oid`)
      const oid = String(row?.oid)
      await line.ask(`LISTEN "${releasedOn(oid)}"`)
      return new Session(line, name, oid, nudge)
    } catch (error) {
      line.end()
      throw error
    }
  }

  get isLost(): boolean {
    return this.#line.isLost
  }

  /** Throws what the connection was lost by, if it was. */
  assertThere(): void {
    this.#line.assertThere()
  }

  /** Whether there may be something to do that nobody has looked for yet. */
  get isNudged(): boolean {
    return this.#nudge.isThere
  }

  /** Somebody looks now. */
  takeNudge(): void {
    this.#nudge.isThere = false
  }

  /** Whether this is the one relay. Tells at once: whoever waits in a statement keeps VACUUM from cleaning up. */
  async lock(): Promise<boolean> {
    const [row] = await this.#line.ask(`SELECT pg_try_advisory_lock(${this.#lockKey}) AS locked`)
    if (row?.locked !== true) return false
    this.#hasLock = true
    // Before the first look: what is committed from here on is heard of.
    await this.#line.ask(`LISTEN "${wokenOn(this.#oid)}"`)
    return true
  }

  /** The first of what is committed, in order. */
  async read(limit: number): Promise<readonly OutboxRow[]> {
    const { sql } = this.#name
    const rows = await this.#line.ask(
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
    await this.#line.ask(`UPDATE ${this.#name.sql} SET attempts = $2, error = $3::text::json WHERE id = $1`, [
      id,
      attempts,
      JSON.stringify(error),
    ])
  }

  async setAside({ id }: OutboxRow, attempts: number, error: JobError): Promise<void> {
    await this.#line.ask(
      `UPDATE ${this.#name.sql} SET attempts = $2, error = $3::text::json, failed = clock_timestamp() WHERE id = $1`,
      [id, attempts, JSON.stringify(error)],
    )
  }

  /** Gives the lock back, so that who stands by has it at once, and ends. */
  async release(): Promise<void> {
    if (!this.isLost && this.#hasLock) {
      await this.#line.ask(`SELECT pg_advisory_unlock(${this.#lockKey}), ${tellReleased(this.#name)} AS told`)
    }
    this.end()
  }

  end(): void {
    this.#line.end()
  }

  get #lockKey(): string {
    return `(${lockSpace}::bigint << 32) | ${this.#oid}`
  }

  async #delete(): Promise<void> {
    try {
      while (this.#done.length > 0) {
        const ids = this.#done
        this.#done = []
        await this.#line.ask(`DELETE FROM ${this.#name.sql} WHERE id = ANY ($1::text::bigint[])`, [`{${ids.join()}}`])
      }
    } catch (error) {
      // A relay that cannot delete would dispatch the same again and again. `settled` tells.
      this.#line.lose(error)
    } finally {
      this.#deleting = undefined
    }
  }
}
