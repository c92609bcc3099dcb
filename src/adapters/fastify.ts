import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { MillraceError, warn } from '../base/errors.ts'
import type { HttpReply, HttpRequest, StreamReply } from '../http/exchange.ts'
import { problemReply } from '../http/problem.ts'
import { publishReply } from '../http/publish.ts'
import { type SubscribeHandlerOptions, subscribeReply } from '../http/subscribe.ts'
import type { Hub } from '../hub/api.ts'
import type { Sink } from '../hub/sink.ts'
import { openStream } from './node-answer.ts'
import { fromNode, readBody } from './node-request.ts'

export interface MillraceOptions extends SubscribeHandlerOptions {
  readonly hub: Hub
  /** Where the streams are; false for none. @default '/sse' */
  readonly path?: string | false
  /** Where messages are `POST`ed. Whoever reaches it may publish: add a hook with your own authentication. @default false */
  readonly publish?: string | false
}

/**
 * The hub's routes, as a plugin with a scope of its own: the hooks around it apply, and what it needs stays inside.
 *
 * `app.close()` ends this app's streams. The hub may serve others, so close it yourself.
 */
export const millrace: FastifyPluginAsync<MillraceOptions> = async (app, options) => {
  const { hub, path = '/sse', publish = false, onError = warn } = options
  const streams = new Set<Sink>()
  let isClosing = false

  // Before Fastify waits for its connections to close, which an open stream would never do; and until they have ended, because
  // then it cuts those that are done, also where their last bytes are still on the way.
  app.addHook('preClose', async () => {
    isClosing = true
    const ended = [...streams].map((sink) => new Promise<void>((resolve) => sink.onClose(resolve)))
    for (const sink of streams) sink.end()
    await Promise.all(ended)
  })

  // Bodies are read by us, so that they mean the same and are refused alike in every framework. NDJSON is not Fastify's to know.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, stream, done) => done(null, stream))

  if (path !== false) {
    app.all(path, async (request, reply) => {
      const answer = await subscribeReply(hub, fromFastify(request), options)
      if (!('admission' in answer)) return send(reply, answer)
      if (isClosing) {
        answer.admission.cancel()
        return send(reply, problemReply(new MillraceError('hub_closed', 'The server is closing. Try again.'), onError))
      }
      const sink = hijack(reply, answer)
      if (sink === undefined) return reply
      streams.add(sink)
      sink.onClose(() => streams.delete(sink))
      return reply
    })
  }
  if (publish !== false) {
    app.all(publish, async (request, reply) => send(reply, await publishReply(hub, fromFastify(request), { onError })))
  }
}

function fromFastify(request: FastifyRequest): HttpRequest {
  return {
    ...fromNode(request.raw),
    raw: request,
    // What our parser let through: the request's own stream, or what a `preParsing` hook has made of it.
    read: async (body) => (request.body === undefined ? '' : readBody(request.body as typeof request.raw, body)),
  }
}

function send(reply: FastifyReply, { status, headers, body }: HttpReply): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}

/** Fastify's own `send` waits for bytes before it sends the headers, and its `onSend` hooks may compress or hold back a stream. */
function hijack(reply: FastifyReply, answer: StreamReply): Sink | undefined {
  // What hooks have set, such as those of CORS, is Fastify's until it sends, and it will not send this.
  const headers = reply.getHeaders()
  reply.hijack()
  if (!reply.raw.headersSent) {
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) reply.raw.setHeader(name, value)
  }
  return openStream(reply.raw, answer)
}
