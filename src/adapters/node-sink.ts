import type { ServerResponse } from 'node:http'
import type { Sink } from '../hub/sink.ts'

/** Idle time after which the operating system asks whether the peer is still there, in ms. It asks ten times, a second apart. */
const keepAliveDelay = 10_000

/** A sink on an answer of node:http or node:http2 whose headers have been sent. */
export function nodeSink(response: ServerResponse): Sink {
  const { socket } = response
  if (socket !== null && 'setKeepAlive' in socket) socket.setKeepAlive(true, keepAliveDelay)
  if (socket !== null && 'setNoDelay' in socket) socket.setNoDelay(true)
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
      else response.once('close', run)
    },
    end: () => {
      if (!isOver(response)) response.end()
    },
  }
}

/** Whether there is nobody to write to any more. */
export function isOver(response: ServerResponse): boolean {
  return response.writableEnded || response.destroyed || response.socket?.destroyed !== false
}
