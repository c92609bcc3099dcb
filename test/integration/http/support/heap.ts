import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** Bytes that are in use after everything that can go has gone: the heap, and what is outside it for buffers. */
export async function usedMemory(): Promise<number> {
  for (let pass = 0; pass < 4; pass++) {
    gc()
    // Finalizers run in turns of their own.
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
