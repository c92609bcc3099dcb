import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { publish, sse } from '../../src/adapters/node.ts'
import type { Hub } from '../../src/hub/api.ts'

export interface SseServer {
  readonly port: number
  readonly url: string
  close(): Promise<void>
}

/** A node:http server with a hub at `/sse` and `/publish`. Closing it does not close the hub. */
export async function startSseServer(hub: Hub): Promise<SseServer> {
  const subscribe = sse(hub)
  const post = publish(hub)
  const server = createServer((request, response) => {
    void (request.url?.startsWith('/publish') ? post : subscribe)(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
