import { MillraceError } from '../../base/errors.ts'
import { endOfTurn } from '../../base/turn.ts'
import type { Position } from '../port.ts'
import type { Client, Connection } from './connection.ts'

/** How long replicas are waited for, in ms. They answer within a round trip, or are away. */
const replicaTime = 1_000

/**
 * Waits until enough replicas have what was appended (WAIT, which counts those that have all that its own connection wrote).
 *
 * A WAIT holds up its connection, so appends that need it have one of their own; and one WAIT is for all whose answers came
 * together: those that are sent while it lasts are answered together after it.
 */
export class Replicas {
  readonly #connection: Connection
  readonly #least: number
  #group: { readonly client: Client; readonly count: Promise<number> } | undefined

  constructor(connection: Connection, least: number) {
    this.#connection = connection
    this.#least = least
  }

  /** How many must have a message. */
  get least(): number {
    return this.#least
  }

  /**
   * How many have all that was appended on this connection.
   *
   * @param client The one that was current before the append was sent.
   */
  async count(client: Client): Promise<number> {
    // Another connection wrote nothing, and a WAIT on it would say yes.
    if (client !== this.#connection.client) throw new Error('The connection was lost')
    return this.#count(client)
  }

  /** @returns `replicas_too_few` */
  toTooFew(position: Position, replicas: number): MillraceError {
    return new MillraceError(
      'replicas_too_few',
      `The message is published, and kept on ${replicas} of the ${this.#least} replicas that were asked for. Publish it again with ` +
        'the same id to have the others asked again; it stays one message.',
      { data: { position, replicas, minReplicas: this.#least } },
    )
  }

  #count(client: Client): Promise<number> {
    if (this.#group?.client === client) return this.#group.count
    const count = new Promise<number>((resolve, reject) => {
      endOfTurn(() => {
        this.#group = undefined
        client
          .sendCommand(['WAIT', String(this.#least), String(replicaTime)])
          .then((reply) => resolve(Number(reply)), reject)
      })
    })
    this.#group = { client, count }
    return count
  }
}
