import type { Link } from '../../src/broker/shared/link.ts'

/** A link whose lines are read when the test says so. */
export interface ManualLink extends Link {
  /** The writes so far, each a list of lines. */
  readonly writes: (readonly string[])[]
  /** Has lines come in. */
  receive(...messages: readonly unknown[]): void
  /** From now on what is sent waits. */
  stall(): void
  /** What waits leaves. */
  flow(): void
  /** The other end goes. */
  lose(): void
}

export function manualLink(): ManualLink {
  const writes: (readonly string[])[] = []
  const closed: (() => void)[] = []
  let isStalled = false
  let buffered = 0
  let onLines = (_lines: readonly string[]) => {}
  let drained = () => {}
  const lose = () => {
    for (const run of closed.splice(0)) run()
  }
  return {
    writes,
    send(lines) {
      writes.push(lines)
      if (isStalled) buffered += lines.join('\n').length
      else drained()
    },
    get buffered() {
      return buffered
    },
    onLines(run) {
      onLines = run
    },
    onDrain(run) {
      drained = run
    },
    onClose: (run) => void closed.push(run),
    close: lose,
    receive: (...messages) => onLines(messages.map((message) => JSON.stringify(message))),
    stall() {
      isStalled = true
    },
    flow() {
      isStalled = false
      buffered = 0
      drained()
    },
    lose,
  }
}
