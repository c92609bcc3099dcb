import { MillraceError } from '../base/errors.ts'
import type { Sink } from '../hub/sink.ts'

/** Waiting bytes past which a writer is asked to wait, as with a stream of Node. */
const highWater = 16 * 1024

/** The two ends of a response's body. */
export interface WebPipe {
  readonly readable: ReadableStream<Uint8Array>
  readonly sink: Sink
}

/** @param onRead Called once, when somebody reads for the first time. */
export function createWebPipe(onRead: () => void): WebPipe {
  let isRead = false
  let isFull = false
  let isOver = false
  let onDrain: () => void = () => {}
  const closing: (() => void)[] = []
  const close = () => {
    isOver = true
    for (const run of closing.splice(0)) run()
  }
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined

  // Not a stream of bytes: it would take the buffer of each chunk for itself, and every subscriber is given the same one.
  const readable = new ReadableStream<Uint8Array>(
    {
      start(started) {
        controller = started
      },
      // With a high-water mark of 0 this is called when somebody waits for bytes and there are none: all have gone.
      pull() {
        if (!isRead) {
          isRead = true
          onRead()
        } else if (isFull) {
          isFull = false
          onDrain()
        }
      },
      cancel: close,
    },
    { highWaterMark: 0, size: ({ byteLength }) => byteLength },
  )
  const buffered = () => 0 - (controller?.desiredSize ?? 0)

  const sink: Sink = {
    write({ bytes }) {
      if (isOver) return false
      controller?.enqueue(bytes)
      isFull = buffered() > highWater
      return !isFull
    },
    get buffered() {
      return buffered()
    },
    onDrain(run) {
      onDrain = run
    },
    onClose(run) {
      if (isOver) run()
      else closing.push(run)
    },
    end() {
      if (isOver) return
      controller?.close()
      close()
    },
    cut() {
      if (isOver) return
      controller?.error(readerSlow())
      close()
    },
  }
  return { readable, sink }
}

/** What the platform is told of a body that ends in the middle: it is to close the connection, and not to end the stream in good order. */
function readerSlow(): MillraceError {
  return new MillraceError(
    'reader_slow',
    'The stream was cut, because its reader did not take what waited for it. It may come back with its cursor.',
  )
}
