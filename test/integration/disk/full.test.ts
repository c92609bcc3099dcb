import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { canMount, runOnSmallDisk } from '../../support/small-disk.ts'
import { createDirectory } from './support/directory.ts'

const filler = fileURLToPath(new URL('support/filler.js', import.meta.url))

test.skipIf(!canMount)(
  'a full disk fails the publish and nothing else, and is forgotten when there is room',
  async () => {
    const dir = await createDirectory()
    const result = await runOnSmallDisk(filler, dir)

    expect(result).toMatchObject({ code: 'broker_unavailable', isMended: true, missing: [], missingAtFull: [] })
    expect(result.cause).toMatch(/full|disk I\/O/)
    expect(result.unacknowledged).toBe(0)
    expect(result.count).toBeGreaterThan(20)
  },
)
