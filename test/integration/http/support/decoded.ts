import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

/**
 * An answer as the platform's own `fetch` gives it, whatever its coding: for those that are made by other means.
 *
 * By streams of Node, because its `DecompressionStream` takes all that it can get, whether anybody reads or not.
 */
export function decoded(response: Response): Response {
  const { body, status, headers } = response
  if (body === null || headers.get('content-encoding') !== 'gzip') return response
  const gunzip = createGunzip()
  // Both ends hear of it where one of them fails.
  pipeline(Readable.fromWeb(body as never), gunzip).catch(() => undefined)
  return new Response(Readable.toWeb(gunzip) as ReadableStream<Uint8Array>, { status, headers })
}
