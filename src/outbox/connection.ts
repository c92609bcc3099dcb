import type { Row } from './client.ts'

/** A `Pool` of pg: where the relay gets its connection from. It is the application's, who closes it after the relay. */
export interface RelayPool {
  connect(): Promise<RelayClient>
}

/** A `PoolClient` of pg. */
export interface RelayClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: Row[] }>
  on(event: 'notification', listener: (message: { readonly channel: string }) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'end', listener: () => void): unknown
  /** With true: closed, and not given to others. */
  release(destroy?: boolean): void
}
