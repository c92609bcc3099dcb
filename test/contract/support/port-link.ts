import type { MessagePort } from 'node:worker_threads'
import type { Link } from '../../../src/broker/shared/link.ts'

/** A link over a message port. */
export function portLink(port: MessagePort): Link {
  let drained = () => {}
  return {
    send(lines) {
      port.postMessage(lines)
      setImmediate(() => drained())
    },
    buffered: 0,
    onLines: (run) => void port.on('message', run),
    onDrain(run) {
      drained = run
    },
    onClose: (run) => void port.once('close', run),
    close: () => port.close(),
  }
}
