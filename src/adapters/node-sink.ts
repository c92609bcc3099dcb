import type { ServerResponse } from 'node:http'
import { type Clock, systemClock } from '../base/clock.ts'
import type { Sink } from '../hub/sink.ts'
import { endInTime } from './ending.ts'
import { SocketSink } from './socket-sink.ts'

/**
 * Idle time after which the operating system asks whether the peer is still there, in ms. It asks ten times, a second apart.
 *
 * Together that is less than the hub's heartbeat: bytes that wait to be acknowledged suspend the asking, and then a peer that
 * vanished without a word would only be noticed when the system gives up sending, which takes a quarter of an hour, or by the
 * hub's `limits.stall`, once so much waits that the system takes no more.
 */
export const keepAliveDelay = 10_000

/**
 * A sink on an answer of node:http or node:http2 whose headers have been sent.
 *
 * @param isBare Whether its body goes in chunks, and nobody is between it and its socket.
 */
export function nodeSink(response: ServerResponse, isBare: boolean, clock: Clock = systemClock): Sink {
  const socket = socketOf(response)
  if (socket !== undefined && 'setKeepAlive' in socket) socket.setKeepAlive(true, keepAliveDelay)
  if (socket !== undefined && 'setNoDelay' in socket) socket.setNoDelay(true)
  // A server's idle timeout is for requests that stall. A stream is quiet by nature.
  response.setTimeout(0)
  // A peer that resets the connection is gone, which `close` says; without a listener the error would end the process.
  response.on('error', ignore)
  return isBare && response.socket !== null
    ? new SocketSink(response.socket, () => response.end(), '', clock)
    : responseSink(response, clock)
}

function ignore(): void {}

/** By the answer's own `write`: on HTTP/2, for HTTP/1.0, and where middleware has put its own in its place. */
function responseSink(response: ServerResponse, clock: Clock): Sink {
  const sink: Sink = {
    write: ({ bytes }) => !isOver(response) && response.write(bytes),
    get buffered() {
      return response.writableLength
    },
    onDrain: (run) => void response.on('drain', run),
    onClose: (run) => {
      // The answer's `close`, not the request's: that one fires early, or never once a body was read.
      if (isGone(response)) run()
      else onceClosed(response, run)
    },
    end: () => {
      if (isOver(response)) return
      response.end()
      endInTime(clock, sink.onClose, sink.cut)
    },
    cut: () => void response.destroy(),
  }
  return sink
}

/** Whether there is nobody to write to any more. */
export function isOver(response: ServerResponse): boolean {
  return response.writableEnded || response.destroyed || socketOf(response)?.destroyed !== false
}

/** Whether its `close` has been, or never comes. */
function isGone(response: ServerResponse): boolean {
  return response.closed || socketOf(response)?.destroyed !== false
}

/** An answer that waits for the one before it on its connection (HTTP/1.1 pipelining) has no socket of its own yet. */
function socketOf(response: ServerResponse): ServerResponse['req']['socket'] | undefined {
  return response.socket ?? response.req.socket
}

function onceClosed(response: ServerResponse, run: () => void): void {
  let isClosed = false
  const close = () => {
    if (isClosed) return
    isClosed = true
    run()
  }
  response.once('close', close)
  // Node tells such an answer nothing when the connection closes before its turn has come.
  if (response.socket === null) socketOf(response)?.once('close', close)
}
