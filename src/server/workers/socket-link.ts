import type { Socket } from 'node:net'
import type { Link } from '../../broker/shared/link.ts'

/** Lines over a socket. What follows the last line feed waits for the rest of its line. */
export function socketLink(socket: Socket): Link {
  socket.setEncoding('utf8')
  // One that breaks closes, and that is heard of.
  socket.on('error', () => {})
  let drained = () => {}
  const sent = () => {
    if (socket.writableLength === 0) drained()
  }
  return {
    send(lines) {
      if (socket.writable) socket.write(`${lines.join('\n')}\n`, sent)
    },
    get buffered() {
      return socket.writableLength
    },
    onLines: (run) => splitLines(socket, run),
    onDrain(run) {
      drained = run
    },
    onClose: (run) => void socket.once('close', run),
    close: () => void socket.end(),
  }
}

function splitLines(socket: Socket, run: (lines: readonly string[]) => void): void {
  /** Of a line that has not ended; joined once, as a long one comes in many pieces. */
  let pieces: string[] = []
  socket.on('data', (text: string) => {
    const end = text.lastIndexOf('\n')
    if (end < 0) {
      pieces.push(text)
      return
    }
    const lines = `${pieces.join('')}${text.slice(0, end)}`.split('\n')
    pieces = end + 1 < text.length ? [text.slice(end + 1)] : []
    run(lines)
  })
}
