import { systemClock } from '../../base/clock.ts'

/** Resolves when `ending` does, or after so many ms: what hangs is left to itself. */
export async function within(ms: number, ending: Promise<unknown>): Promise<void> {
  let cancel = () => {}
  const late = new Promise<void>((resolve) => {
    cancel = systemClock.after(ms, resolve)
  })
  try {
    await Promise.race([ending, late])
  } finally {
    cancel()
  }
}
