/** One statement with its values, as every driver of PostgreSQL can run it: `$1` stands once in the text for each value. */
export type RunStatement = (text: string, values: unknown[]) => PromiseLike<unknown>

/**
 * What runs statements: a `Client`, `PoolClient` or `Pool` of pg, TypeORM's `EntityManager`, whatever has such a `query`; or a function
 * that does it by another library.
 */
export type OutboxClient = { readonly query: RunStatement } | RunStatement

/** @returns the rows; empty where the client tells of none. */
export async function run(
  client: OutboxClient,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const result = await (typeof client === 'function' ? client(text, [...values]) : client.query(text, [...values]))
  // pg answers with { rows }, postgres.js and TypeORM with the rows themselves.
  const rows: unknown = Array.isArray(result) ? result : (result as { readonly rows?: unknown } | undefined)?.rows
  return Array.isArray(rows) ? rows : []
}

export type Row = Readonly<Record<string, unknown>>
