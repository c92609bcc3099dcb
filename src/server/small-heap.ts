import { setFlagsFromString } from 'node:v8'

/**
 * Has V8 collect garbage before it asks the system for more: its young generation does not grow beyond what the start took, and the old
 * one to twice what is alive in it, where it would be up to four times.
 *
 * Only flags that V8 looks at again and again have an effect in a process that runs. The end of the young generation's growth is undone
 * wherever a thread starts, by V8 itself, so it is said again then. To be called before there is any thread.
 */
export function keepHeapSmall(): void {
  const limit = () => setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=100')
  limit()
  process.on('worker', (worker) => void worker.once('online', limit))
}
