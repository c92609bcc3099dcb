// @ts-check
import { setTimeout } from 'node:timers/promises'
import { createEvents, createHub, defineChannel, defineEvent, MillraceError, memory } from 'millrace'
import { sse } from 'millrace/node'
import { z } from 'zod'
import { listen, page, Refusal, readJson } from './web.js'

const { PORT = '3000', HOST = 'localhost', REDIS_URL } = process.env

// What can happen here. All of it comes from browsers, so what does not fit is refused.
const room = z.string().regex(/^[a-z0-9-]{1,32}$/, 'a room is named by 1 to 32 of a-z, 0-9 and -')
const name = z.string().trim().min(1).max(40)
const text = z.string().trim().min(1).max(2000)
const id = z.string().regex(/^[0-9a-f]{32}$/)
const NewMessage = defineEvent('NewMessage', z.object({ id, room, author: id, name, text, at: z.int() }))
const Typing = defineEvent('Typing', z.object({ room, name, tab: id }))

// What can be subscribed to. Who is writing matters for a moment, so nothing of that is kept.
const rooms = defineChannel('rooms.{room}', { events: [NewMessage], history: { count: 500, age: 24 * 3600 * 1000 } })
const typing = defineChannel('typing.{room}', { events: [Typing], history: 0 })

const broker = REDIS_URL ? (await import('millrace/redis')).redis(REDIS_URL) : memory()
const hub = createHub({ channels: [rooms, typing], broker, retry: 1000 })
const events = createEvents()

// The page chose the message's id: one that it sends again, not knowing whether it arrived, is not a second message.
events.listen(NewMessage, (event) => hub.publish(rooms({ room: event.data.room }), event, { id: event.data.id }))
events.listen(Typing, (event) => hub.publish(typing({ room: event.data.room }), event))

const stream = sse(hub)

const servers = await listen(Number(PORT), HOST, async (request, response) => {
  const [path = '/'] = (request.url ?? '/').split('?')
  const [, room, what] = /^\/rooms\/([^/]+)\/(messages|typing)$/.exec(path) ?? []
  if (path === '/sse') return stream(request, response)
  if (room === undefined) return page(path, request, response)
  try {
    const body = await readJson(request)
    await events.dispatch(
      what === 'messages' ? NewMessage({ ...body, room, at: Date.now() }) : Typing({ ...body, room }),
    )
    response.writeHead(204).end()
  } catch (error) {
    const [status, reason] =
      error instanceof Refusal
        ? [error.status, error.message]
        : error instanceof MillraceError && error.code === 'data_invalid'
          ? [422, error.message]
          : [503, 'This did not get through. Try again.']
    if (status === 503) console.error(error)
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(reason)
  }
})

async function close() {
  for (const server of servers) server.close()
  // Not for long: what is under way may be waiting for a Redis that is away.
  await Promise.race([events.close(), setTimeout(2000, undefined, { ref: false })])
  await hub.close({ drain: 500 })
  for (const server of servers) server.closeAllConnections()
}

process.once('SIGINT', close).once('SIGTERM', close)
