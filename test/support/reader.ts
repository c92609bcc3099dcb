import type { SubscribeOptions } from '../../src/hub/admission.ts'
import type { Hub } from '../../src/hub/api.ts'
import { Reader } from '../../src/testing/reader.ts'

export { Reader } from '../../src/testing/reader.ts'

/** Admits a reader as an adapter does: headers when it is ready, and then the stream. */
export async function join(hub: Hub, options: SubscribeOptions): Promise<Reader> {
  const reader = new Reader(options.cursor)
  const admission = hub.admit(options)
  await admission.ready
  admission.open(reader)
  return reader
}
