// @ts-check
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isOnPath, startProgram } from '../harness/program.js'
import { mercureKey } from '../load/mercure.js'

/** The Mercure hub, where somebody has put it: Debian has none. It keeps what is published, in its own file. */
/** @type {import('./servers.js').Server} */
export const mercure = {
  missing: () =>
    isOnPath('mercure') ? undefined : 'not installed: put a mercure of https://mercure.rocks on the PATH',
  start: () =>
    startProgram('mercure', async (dir, port) => {
      const file = join(dir, 'Caddyfile')
      await writeFile(file, toConfig(dir, port))
      return ['run', '--config', file, '--adapter', 'caddyfile']
    }),
  path: (channels) => `/.well-known/mercure?${channels.map((channel) => `topic=${channel}`).join('&')}`,
  way: 'mercure',
  exact: false,
}

/**
 * @param {string} dir
 * @param {number} port
 */
function toConfig(dir, port) {
  return `{
  auto_https off
  admin off
}
http://127.0.0.1:${port} {
  mercure {
    publisher_jwt ${mercureKey}
    subscriber_jwt ${mercureKey}
    anonymous
    transport bolt {
      path ${join(dir, 'updates.db')}
    }
  }
}
`
}
