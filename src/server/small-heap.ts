import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** How large V8's young generation is to be at most, in bytes, both of its halves. It starts with half of that. */
const largestYoung = 8 * 1024 * 1024

/**
 * Has V8 collect garbage before it asks the system for more: its young generation does not grow beyond what the start took, and the old
 * one to twice what is alive in it, where it would be up to four times.
 *
 * Only flags that V8 looks at again and again have an effect in a process that runs. To be called before there is any thread.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=100')
  endYoungGrowth()
}

/**
 * Ends the growth of V8's young generation at 8 MiB, from where on it saves no time. By itself it has 32 MiB after the first storm of
 * connections, and keeps them: 3 KB for each of 10,000 readers, as much as all the rest of them.
 *
 * V8 takes a limit in bytes only when a process starts. To be called before there is any thread.
 */
export function keepYoungSmall(): void {
  // It grows after a collection, twice as large each time.
  const observer = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    if (young !== undefined && young.space_size < largestYoung) return
    endYoungGrowth()
    observer.disconnect()
  })
  observer.observe({ entryTypes: ['gc'] })
}

/** V8 undoes it wherever a thread starts, so it is said again then. */
function endYoungGrowth(): void {
  const end = () => setFlagsFromString('--semi-space-growth-factor=1')
  end()
  process.on('worker', (worker) => void worker.once('online', end))
}
