import { setTimeout as delay } from 'node:timers/promises'

/** How long a real server may take to start on a slow machine. */
const limit = 20_000

/** Tries `attempt` until it answers something other than `undefined`; one that throws ends the wait. */
export async function until<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + limit
  while (Date.now() < end) {
    const result = await attempt()
    if (result !== undefined) return result
    await delay(10)
  }
  throw new Error(`Waited ${limit} ms for ${what}`)
}
