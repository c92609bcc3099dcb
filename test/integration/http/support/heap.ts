import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { until } from '../../../support/until.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** Bytes that are in use after everything that can go has gone: the heap, and what is outside it for buffers. */
export async function usedMemory(): Promise<number> {
  collect()
  // Finalizers run in turns of their own.
  for (let turns = 0; turns < 4; turns++) await new Promise<void>((resolve) => setImmediate(resolve))
  return collect()
}

/** Resolves when no more than so many bytes are in use: buffers are swept up in the background, some time after a collection. */
export async function untilUsedMemory(most: number): Promise<void> {
  await until(`a memory of ${most} bytes`, async () => ((await usedMemory()) <= most ? true : undefined))
}

function collect(): number {
  gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
