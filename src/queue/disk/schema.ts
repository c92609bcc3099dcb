import type { FileForm } from '../../sqlite/file.ts'

/**
 * What the file holds.
 *
 * | table     | holds                                                                                                    |
 * | --------- | -------------------------------------------------------------------------------------------------------- |
 * | `jobs`    | the jobs that are kept, in order of arrival. `id` and `uniq` are JSON texts, as they may hold anything.   |
 * |           | `attempt` is how many runs were begun, `due` when it may be run (ms), `worker` who runs it: NULL, nobody |
 * | `failed`  | the jobs that were given up, with the error (JSON) and how often they ran                                |
 * | `workers` | who may have jobs, and the file that each keeps locked as long as it lives                               |
 * | `flushes` | a number, to have something to write where nothing but a flush is wanted                                 |
 */
const tables = `
CREATE TABLE jobs (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, queue TEXT NOT NULL, uniq TEXT,
  due INTEGER NOT NULL, attempt INTEGER NOT NULL, worker INTEGER, job TEXT NOT NULL
);
CREATE UNIQUE INDEX jobs_uniq ON jobs (uniq) WHERE uniq IS NOT NULL;
CREATE INDEX jobs_waiting ON jobs (queue, due) WHERE worker IS NULL;
CREATE INDEX jobs_running ON jobs (worker, queue) WHERE worker IS NOT NULL;
CREATE TABLE failed (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, queue TEXT NOT NULL,
  at INTEGER NOT NULL, attempts INTEGER NOT NULL, error TEXT NOT NULL, job TEXT NOT NULL
);
CREATE INDEX failed_at ON failed (at);
CREATE INDEX failed_queue ON failed (queue, at);
CREATE TABLE workers (id INTEGER PRIMARY KEY AUTOINCREMENT, lock TEXT NOT NULL);
CREATE TABLE flushes (count INTEGER NOT NULL);
INSERT INTO flushes VALUES (0);
`

/** How long a write waits for that of another process, in ms. It is the thread that waits. */
const busyTimeout = 5_000

/** The queue's file. */
export const queueForm: FileForm = {
  name: 'queue.db',
  // "Mlrq"
  applicationId: 0x4d6c7271,
  version: 1,
  beforeTables: 'PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL;',
  // Nothing is memory-mapped: mapped pages that were read count as the memory of the process. The cache is in KiB. A checkpoint is made
  // when nobody waits for it; at the commit (in pages) only where ours has not come in time.
  ofEveryConnection: `
    PRAGMA busy_timeout = ${busyTimeout}; PRAGMA mmap_size = 0; PRAGMA cache_size = -2048; PRAGMA secure_delete = OFF;
    PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 16777216; PRAGMA wal_autocheckpoint = 4000;
  `,
  fill(database) {
    database.exec(tables)
  },
}
