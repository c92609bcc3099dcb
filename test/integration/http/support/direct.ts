import type { Hub } from '../../../../src/hub/api.ts'
import { publish as publishHandler, sse } from '../../../../src/web.ts'
import type { Served, StartOptions } from './adapter.ts'
import { decoded } from './decoded.ts'

/** No server: the handlers as a platform calls them. */
export async function startDirect(hub: Hub, { before }: StartOptions = {}): Promise<Served> {
  const stream = sse(hub)
  const publish = publishHandler(hub)
  return {
    async fetch(path, init) {
      const request = new Request(`http://localhost${path}`, init)
      await before?.()
      return path.startsWith('/publish') ? publish(request) : decoded(await stream(request))
    },
    port: 0,
    base: '',
    close: async () => {},
    cut: () => {},
  }
}
