import type { Hub } from '../../../src/hub/api.ts'
import { join, type Reader } from '../../support/reader.ts'
import { until } from '../../support/until.ts'

/** A reader that has its place in the log, however long Redis took to give it: what is published from now on reaches it. */
export async function joinPlaced(hub: Hub, channels: readonly string[]): Promise<Reader> {
  const reader = await join(hub, { channels })
  await until('its place', async () => reader.lastEventId || undefined)
  return reader
}
