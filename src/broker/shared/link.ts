/**
 * A wire to one other process, or to another part of this one. It carries lines: texts without a line feed.
 *
 * It MUST deliver every line, whole, once, and in order, until it is closed; and say when the other end has closed it, or is gone.
 */
export interface Link {
  /** Sends lines, of which there is at least one, as one write. MUST NOT throw: what cannot be sent any more is dropped. */
  send(lines: readonly string[]): void
  /** How much was sent and has not left this process, in bytes or UTF-16 code units. */
  readonly buffered: number
  /** `run` is called with the lines that have come in, as many as there are. */
  onLines(run: (lines: readonly string[]) => void): void
  /** `run` is called when all that was sent has left this process: `buffered` is 0. It may be called more often. */
  onDrain(run: () => void): void
  /** `run` is called once: nothing comes in any more, and nothing goes out. There may be several. */
  onClose(run: () => void): void
  /** What was sent goes out first. */
  close(): void
}
