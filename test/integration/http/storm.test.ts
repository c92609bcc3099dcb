import { describe, expect, test } from 'vitest'
import { streamingLong } from './support/adapters.ts'
import { untilUsedMemory, usedMemory } from './support/heap.ts'
import { dial, get } from './support/raw-client.ts'
import { createStage, type Stage } from './support/stage.ts'

describe.for(streamingLong)('2,000 readers that come and go over $name', (adapter) => {
  test('leave nobody behind', async () => {
    const stage = await createStage(adapter)

    await storm(stage, 2_000)

    await stage.untilEmpty()
    expect(stage.errors).toEqual([])
  })

  test.runIf(adapter.name === 'node:http')('leave the heap where it was', async () => {
    const stage = await createStage(adapter)
    await storm(stage, 1_000)
    await stage.untilEmpty()
    const before = await usedMemory()

    await storm(stage, 2_000)
    await stage.untilEmpty()

    // Less than 250 bytes for each: not one object of them is left.
    await untilUsedMemory(before + 500_000)
  })
})

const atOnce = 20

async function storm(stage: Stage, count: number): Promise<void> {
  for (let done = 0; done < count; done += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, (_, index) => visit(stage, index)))
  }
}

/** Every fourth leaves before it is answered. */
async function visit(stage: Stage, index: number): Promise<void> {
  if (stage.port === 0) {
    const leaving = new AbortController()
    const response = stage.fetch('/sse?channel=news', { signal: leaving.signal })
    if (index % 4 > 0) await response
    leaving.abort()
    await response.catch(() => undefined)
    return
  }
  const { socket, untilText } = await dial(stage.port)
  socket.write(get(`${stage.base}/sse?channel=news`))
  if (index % 4 > 0) await untilText('\r\n\r\n')
  socket.destroy()
}
