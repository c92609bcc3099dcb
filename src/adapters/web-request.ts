import { bodyCutOff, type IncomingBody } from '../http/body.ts'
import type { HttpRequest } from '../http/exchange.ts'

export function fromWeb(request: Request): HttpRequest {
  return {
    method: request.method,
    url: request.url,
    host: request.headers.get('host') ?? new URL(request.url).host,
    header: (name) => request.headers.get(name) ?? undefined,
    raw: request,
    read: (body) => readBody(request.body, body),
  }
}

async function readBody(stream: ReadableStream<Uint8Array> | null, body: IncomingBody): Promise<unknown> {
  const reader = stream?.getReader()
  try {
    for (;;) {
      const { done, value } = (await reader?.read().catch(failCutOff)) ?? { done: true }
      if (done) return body.end()
      body.add(value)
    }
  } finally {
    // What is left of a body that is refused is the platform's to take or to cut off; one that was cut off has nothing left.
    reader?.cancel().catch(() => undefined)
  }
}

function failCutOff(cause: unknown): never {
  throw bodyCutOff(cause)
}
