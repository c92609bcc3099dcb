import { parentPort, workerData } from 'node:worker_threads'
import type { QueueReply, QueueRequest, QueueSettings } from './messages.ts'
import { QueueFile } from './queue-file.ts'

// What runs in the queue's thread; `diskQueue` starts it as a `DatabaseThread`.

const file = new QueueFile(workerData as QueueSettings)

parentPort?.on('message', (request: QueueRequest) => {
  parentPort?.postMessage(answer(request))
  if (request.kind !== 'close') checkpoint()
})

function checkpoint(): void {
  try {
    file.checkpointIfDue()
  } catch {
    // The disk is full or at fault. Nothing depends on it yet; the next write will tell.
  }
}

function answer(request: QueueRequest): QueueReply {
  try {
    switch (request.kind) {
      case 'step':
        return file.step(request.changes, request.wants, request.lock, request.now)
      case 'tend':
        file.tend()
        return { kind: 'tended' }
      case 'counts':
        return { kind: 'counted', counts: file.counts(request.now) }
      case 'list':
        return { kind: 'listed', failed: file.list(request.selection, request.limit) }
      case 'retry':
        return file.retry(request.selection, request.after, request.last, request.now)
      case 'forget':
        return file.forget(request.selection, request.after, request.last)
      case 'close':
        return { kind: 'closed', isGone: file.close() }
    }
  } catch (error) {
    return { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) }
  }
}
