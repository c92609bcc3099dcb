import { parentPort, workerData } from 'node:worker_threads'
import { openDatabase } from '../../sqlite/sqlite.ts'
import { LogWriter } from './log-writer.ts'
import { unpack } from './parcel.ts'
import { logForm } from './schema.ts'
import type { WriterReply, WriterRequest, WriterSettings } from './writer-messages.ts'

// What runs in the writer's thread; `disk` starts it as a `DatabaseThread`.

const settings = workerData as WriterSettings
const database = openDatabase(settings.path)
database.exec(logForm.ofEveryConnection)
// In pages: only where ours has not come in time.
database.exec('PRAGMA wal_autocheckpoint = 2000')
const writer = new LogWriter(database, settings)

parentPort?.on('message', (request: WriterRequest) => {
  const reply = answer(request)
  parentPort?.postMessage(reply, reply.kind === 'appended' ? [reply.data] : [])
  if (request.kind === 'append') checkpoint()
})

function checkpoint(): void {
  try {
    writer.checkpointIfDue()
  } catch {
    // The disk is full or at fault. Nothing depends on it yet; the next append will tell.
  }
}

/** Nobody reads any more, so all that was written ahead can go to its place. Where it does not fit, the next opening reads it there. */
function tidy(): void {
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } catch {
    // As good as if it had been killed now: nothing that was acknowledged depends on it.
  }
}

function answer(request: WriterRequest): WriterReply {
  try {
    switch (request.kind) {
      case 'append': {
        const { parcel, now } = request
        const appended = writer.append(unpack(parcel), now)
        return { kind: 'appended', appended, head: writer.head, data: parcel.data }
      }
      case 'sweep':
        return { kind: 'swept', isMore: writer.sweep(request.now) }
      case 'close':
        tidy()
        database.close()
        return { kind: 'closed' }
    }
  } catch (error) {
    return { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) }
  }
}
