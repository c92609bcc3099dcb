import type { Buffer } from 'node:buffer'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { lastChunk } from '../adapters/chunk.ts'
import { keepAliveDelay } from '../adapters/node-sink.ts'
import { SocketSink } from '../adapters/socket-sink.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import type { OnError } from '../base/errors.ts'
import { streamHead, wholeReply } from './answer-head.ts'
import { PlainRequest } from './plain-request.ts'
import type { Routes } from './routes.ts'

interface LaneOptions {
  /** What the HTTP server answers too: one text for both ways. */
  readonly routes: Routes
  /** Whether requests are taken here; those that are not take the ordinary way. */
  readonly isOpen: () => boolean
  /** The time that a client has to begin its request, in ms, and how often that is looked at. */
  readonly timeout: number
  readonly interval: number
  readonly onError: OnError
  readonly clock?: Clock
}

/** The connections that an HTTP server has accepted and does not know of. */
export interface Lane {
  /** Ends at once those that wait for a request: who is refused what is asked there now would not come again, who is not answered does. */
  closeUnused(): void
  /** Ends at once those that wait for a request, and those whose answer has ended. What the hub still streams to is the hub's to end. */
  cut(): void
}

/** What a client may go on sending behind its request, in bytes: it has been told that nothing is read any more (RFC 9112, 9.6). */
const mostIgnored = 64 * 1024

/** As Node's own parser answers. */
const timedOut = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n'

/**
 * Answers a plain `GET /sse` on the socket itself; every other connection it gives, unread, to the HTTP server that has accepted it.
 *
 * What is left of a connection is then its socket and the subscriber, and no parser, request or response: with 10,000 readers these are
 * most of the memory, and making them is most of the work when everybody connects at once.
 *
 * | a connection | leaves it by                                                                                                 |
 * | ------------ | ------------------------------------------------------------------------------------------------------------ |
 * | waits        | its first bytes: a plain request -> streams or ends, anything else -> the HTTP server; `timeout`, a close -> gone |
 * | streams      | the hub's end -> ends; the client's end -> gone                                                                |
 * | ends         | all is written, or `cut` -> gone                                                                               |
 */
export function openLane(
  http: Server,
  { routes, isOpen, timeout, interval, onError, clock = systemClock }: LaneOptions,
): Lane {
  const ordinary = http.listeners('connection')
  /** By when they were accepted, which is their order too. */
  const waiting = new Map<Socket, number>()
  const ending = new Set<Socket>()

  http.removeAllListeners('connection')
  http.on('connection', (socket) => {
    waiting.set(socket, clock.now())
    socket.on('data', begin).on('end', leave).on('error', gone)
  })
  http.once('close', clock.every(interval, endLate))

  // What listens is one function each for all connections: they are many.

  function begin(this: Socket, bytes: Buffer): void {
    waiting.delete(this)
    const request = isOpen() ? PlainRequest.from(bytes) : undefined
    if (request === undefined) {
      handOver(this, bytes)
      return
    }
    this.setKeepAlive(true, keepAliveDelay).setNoDelay(true)
    this.off('data', begin).off('end', leave).on('data', passOver)
    // A reader that closes its half is taken for one that has gone.
    this.allowHalfOpen = false
    answer(this, request).catch(onError)
  }

  function handOver(socket: Socket, bytes: Buffer): void {
    socket.off('data', begin).off('end', leave).off('error', gone)
    // Paused, or bytes that are put back while it flows would wait for the next to come.
    socket.pause()
    socket.unshift(bytes)
    for (const listener of ordinary) listener.call(http, socket)
    socket.resume()
  }

  async function answer(socket: Socket, request: PlainRequest): Promise<void> {
    const reply = await routes(request)
    if (!socket.writable) {
      if ('admission' in reply) reply.admission.cancel()
      return
    }
    if ('admission' in reply) {
      const sink = new SocketSink(socket, endStream, streamHead(reply))
      reply.admission.open(sink)
      sink.begin()
    } else {
      socket.write(wholeReply(reply))
      endSoon(socket)
    }
  }

  function endStream(socket: Socket): void {
    socket.write(lastChunk, 'latin1')
    endSoon(socket)
  }

  /** After what is written. */
  function endSoon(socket: Socket): void {
    ending.add(socket)
    socket.on('close', forget).destroySoon()
  }

  /** Nothing was asked. */
  function leave(this: Socket): void {
    waiting.delete(this)
    this.destroy()
  }

  /** `close` comes after it; without a listener the error would end the process. */
  function gone(this: Socket): void {
    waiting.delete(this)
  }

  function forget(this: Socket): void {
    ending.delete(this)
  }

  /** One timer for all. */
  function endLate(): void {
    const latest = clock.now() - timeout
    for (const [socket, accepted] of waiting) {
      if (accepted > latest) return
      waiting.delete(socket)
      // Some were destroyed by others. To be told of each as it goes would cost all the others a listener.
      if (socket.destroyed) continue
      socket.write(timedOut, 'latin1')
      endSoon(socket)
    }
  }

  return {
    closeUnused() {
      for (const socket of waiting.keys()) socket.destroy()
    },
    cut() {
      for (const socket of [...waiting.keys(), ...ending]) socket.destroy()
    },
  }
}

/** Nothing that comes behind a request whose answer ends the connection is another request. */
function passOver(this: Socket): void {
  if (this.bytesRead > mostIgnored) this.destroy()
}
