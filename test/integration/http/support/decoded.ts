/** An answer as the platform's own `fetch` gives it, whatever its coding: for those that are made by other means. */
export function decoded(response: Response): Response {
  const { body, status, headers } = response
  if (body === null || headers.get('content-encoding') !== 'gzip') return response
  return new Response(body.pipeThrough(new DecompressionStream('gzip')), { status, headers })
}
