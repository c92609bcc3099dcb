import type { Database, Statement } from './sqlite.ts'

/** How many pages a step gives back, so that who writes does not wait for it. */
const mostAtOnce = 256

/** Pages that became free are used again. Where they are a quarter of the file, they go back to the system. */
export class FreePages {
  readonly #database: Database
  readonly #pages: Statement
  readonly #free: Statement

  constructor(database: Database) {
    this.#database = database
    this.#pages = database.prepare('PRAGMA page_count')
    this.#free = database.prepare('PRAGMA freelist_count')
  }

  /** A step of it, where it is time; says whether there may be more to do. The file has `auto_vacuum = INCREMENTAL`. */
  giveBack(): boolean {
    const pages = this.#pages.get() as { readonly page_count: number }
    const free = this.#free.get() as { readonly freelist_count: number }
    if (free.freelist_count < mostAtOnce || free.freelist_count * 4 < pages.page_count) return false
    this.#database.exec(`PRAGMA incremental_vacuum(${mostAtOnce})`)
    return true
  }
}
