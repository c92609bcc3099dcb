import type { Clock } from '../base/clock.ts'

/** How long a reader may take what still waits when its stream ends, in ms; then it is cut off, and resumes from its cursor. */
const lastWait = 2_000

/** Cuts a stream that has been ended and does not close in time. */
export function endInTime(clock: Clock, onClose: (run: () => void) => void, cut: () => void): void {
  onClose(clock.after(lastWait, cut))
}
