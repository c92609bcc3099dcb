import type { ServerResponse } from 'node:http'
import { type Clock, systemClock } from '../base/clock.ts'
import type { Sink } from '../hub/sink.ts'

/**
 * Idle time after which the operating system asks whether the peer is still there, in ms. It asks ten times, a second apart.
 *
 * Together that is less than the hub's heartbeat: bytes that wait to be acknowledged suspend the asking, and then a peer that
 * vanished without a word would only be noticed when the system gives up sending, which takes a quarter of an hour, or by the
 * hub's `limits.stall`, once so much waits that the system takes no more.
 */
const keepAliveDelay = 10_000

/** How long a reader may take what still waits when its stream ends, in ms; then it is cut off, and resumes from its cursor. */
const lastWait = 2_000

/** A sink on an answer of node:http or node:http2 whose headers have been sent. */
export function nodeSink(response: ServerResponse, clock: Clock = systemClock): Sink {
  const socket = socketOf(response)
  if (socket !== undefined && 'setKeepAlive' in socket) socket.setKeepAlive(true, keepAliveDelay)
  if (socket !== undefined && 'setNoDelay' in socket) socket.setNoDelay(true)
  // A server's idle timeout is for requests that stall. A stream is quiet by nature.
  response.setTimeout(0)
  // A peer that resets the connection is gone, which `close` says; without a listener the error would end the process.
  response.on('error', () => {})
  return {
    write: (bytes) => !isOver(response) && response.write(bytes),
    get buffered() {
      return response.writableLength
    },
    onDrain: (run) => void response.on('drain', run),
    onClose: (run) => {
      // The answer's `close`, not the request's: that one fires early, or never once a body was read.
      if (isOver(response)) run()
      else onceClosed(response, run)
    },
    end: () => {
      if (isOver(response)) return
      response.end()
      const endWait = clock.after(lastWait, () => response.destroy())
      onceClosed(response, endWait)
    },
    cut: () => void response.destroy(),
  }
}

/** Whether there is nobody to write to any more. */
export function isOver(response: ServerResponse): boolean {
  return response.writableEnded || response.destroyed || socketOf(response)?.destroyed !== false
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
