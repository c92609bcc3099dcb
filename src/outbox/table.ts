import { MillraceError, quote } from '../base/errors.ts'
import { type OutboxClient, run } from './client.ts'

/** Where the outbox is. The relay and everybody who dispatches must say the same. */
export interface TableOptions {
  /** The table's name, as it is: upper case stays so. @default 'millrace_outbox' */
  readonly table?: string
  /** @default the first of the connection's `search_path` that has the table */
  readonly schema?: string
}

/** The names as they stand in statements. */
export interface TableName {
  /** `"schema"."table"` */
  readonly sql: string
  /** The table as a value: its number in this database. */
  readonly oid: string
  /** `"table"` and what follows in the same quotes. */
  withSuffix(suffix: string): string
}

// The longest name that PostgreSQL keeps is 63 bytes, and the indexes add to it.
const maxBytes = 48
const form = /^[\p{L}_][\p{L}\p{N}_-]*$/u

/** @throws {MillraceError} `option_invalid` for a name that is none; names are quoted, and have nothing in them that ends a quote. */
export function toTableName({ table = 'millrace_outbox', schema }: TableOptions = {}): TableName {
  for (const [option, name] of Object.entries({ table, schema })) {
    if (name === undefined) continue
    if (typeof name === 'string' && form.test(name) && new TextEncoder().encode(name).length <= maxBytes) continue
    throw new MillraceError(
      'option_invalid',
      `The ${option} of the outbox is ${quote(name)}. Give up to ${maxBytes} bytes of letters, digits, "_" and "-".`,
    )
  }
  const sql = schema === undefined ? `"${table}"` : `"${schema}"."${table}"`
  return { sql, oid: `'${sql}'::regclass::oid::bigint`, withSuffix: (suffix) => `"${table}${suffix}"` }
}

/**
 * The statements that make the outbox's table, for your own migrations. They do nothing where it is there.
 *
 * @throws {MillraceError} `option_invalid`
 */
export function outboxTable(options: TableOptions = {}): string {
  const name = toTableName(options)
  return `CREATE TABLE IF NOT EXISTS ${name.sql} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event json NOT NULL,
  added timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts integer NOT NULL DEFAULT 0,
  error json,
  failed timestamptz
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX IF NOT EXISTS ${name.withSuffix('_waiting')} ON ${name.sql} (id) WHERE failed IS NULL;
CREATE INDEX IF NOT EXISTS ${name.withSuffix('_failed')} ON ${name.sql} (failed) WHERE failed IS NOT NULL;
`
}

/** Keeps those who create it at the same time apart; any number that nobody else locks. */
const creation = 0x6d_72_6f_00

/**
 * Makes the outbox's table where it is not there. Any number of processes may do so at the same time.
 *
 * @throws {MillraceError} `option_invalid`
 */
export async function createOutboxTable(client: OutboxClient, options: TableOptions = {}): Promise<void> {
  // One statement, and so one transaction: `IF NOT EXISTS` alone fails where two do it at once.
  const statements = `PERFORM pg_advisory_xact_lock(${creation});\n${outboxTable(options)}`
  await run(client, `DO $millrace$ BEGIN\n${statements}END $millrace$`)
}
