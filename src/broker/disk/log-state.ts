import type { Database, Statement } from '../../sqlite/sqlite.ts'
import type { Position } from '../port.ts'
import type { Timeline } from '../timeline.ts'

/** The rows of the table `log`. */
export class LogState {
  readonly #get: Statement
  readonly #set: Statement

  constructor(database: Database) {
    this.#get = database.prepare('SELECT value FROM log WHERE name = ?')
    this.#set = database.prepare('UPDATE log SET value = ? WHERE name = ?')
  }

  get start(): Position {
    return this.#read('start')
  }

  get head(): Position {
    return this.#read('head')
  }

  set head(position: Position) {
    this.#set.run(position, 'head')
  }

  get timelines(): readonly Timeline[] {
    return JSON.parse(this.#read('timelines'))
  }

  set timelines(timelines: readonly Timeline[]) {
    this.#set.run(JSON.stringify(timelines), 'timelines')
  }

  #read(name: string): string {
    const row = this.#get.get(name) as { readonly value: string }
    return row.value
  }
}
