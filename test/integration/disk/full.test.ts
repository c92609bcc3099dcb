import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createDirectory } from './support/directory.ts'

const filler = fileURLToPath(new URL('support/filler.js', import.meta.url))

/** A disk of its own for one process, which needs Linux and user namespaces; in some containers they are forbidden. */
const canMount = (() => {
  try {
    execFileSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

test.skipIf(!canMount)(
  'a full disk fails the publish and nothing else, and is forgotten when there is room',
  async () => {
    const dir = await createDirectory()
    const script = 'mount -t tmpfs -o size=6m tmpfs "$1" && exec "$2" "$3" "$1"'
    const { stdout } = await promisify(execFile)('unshare', [
      ...['-rm', 'sh', '-c', script],
      ...['sh', dir, process.execPath, filler],
    ])

    const result = JSON.parse(stdout) as Record<string, unknown>
    expect(result).toMatchObject({ code: 'broker_unavailable', isMended: true, missing: [], missingAtFull: [] })
    expect(result.cause).toMatch(/full|disk I\/O/)
    expect(result.unacknowledged).toBe(0)
    expect(result.count).toBeGreaterThan(20)
  },
)
