// @ts-check
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isOnPath, startProgram } from '../harness/program.js'

/** Centrifugo 6 with its one-way SSE, where somebody has put it: Debian has none. */
/** @type {import('./servers.js').Server} */
export const centrifugo = {
  missing: () =>
    isOnPath('centrifugo') ? undefined : 'not installed: put a centrifugo of https://centrifugal.dev on the PATH',
  start: () =>
    startProgram('centrifugo', async (dir, port) => {
      const file = join(dir, 'config.json')
      await writeFile(file, JSON.stringify(toConfig(port)))
      return ['--config', file]
    }),
  path: (channels) => {
    const subs = Object.fromEntries(channels.map((channel) => [channel, {}]))
    return `/connection/uni_sse?cf_connect=${encodeURIComponent(JSON.stringify({ subs }))}`
  },
  way: 'centrifugo',
  exact: false,
  cannot: { resume: 'takes no Last-Event-ID' },
}

/** @param {number} port */
function toConfig(port) {
  return {
    http_server: { address: '127.0.0.1', port: String(port) },
    http_api: { insecure: true },
    client: { allow_anonymous_connect_without_token: true },
    channel: { without_namespace: { allow_subscribe_for_client: true, allow_subscribe_for_anonymous: true } },
    uni_sse: { enabled: true },
    log: { level: 'error' },
  }
}
