import type { FileForm } from '../../sqlite/file.ts'

/**
 * What the file holds. A message is stored once, and has an entry in each channel that keeps it.
 *
 * | table      | holds                                                                                            |
 * | ---------- | ------------------------------------------------------------------------------------------------ |
 * | `log`      | `start`, `head` and `timelines` (JSON)                                                           |
 * | `channels` | of each channel the `last` position, what is kept of it (`count`, `bytes`), the `age` of its     |
 * |            | latest message, and `due`: when the sweep has to look at it next, or earlier                     |
 * | `entries`  | the kept messages of a channel in order of position, with the size of their data in bytes        |
 * | `messages` | `head` (JSON: channels, prev, event, key, and the trace where there is one) and `data`: text, or as |
 * |            | a blob where it has a NUL                                                                        |
 * | `shared`   | of messages in several channels, how many entries there are                                      |
 * | `ids`      | the publishers' ids, with the position that each was given                                       |
 */
const tables = `
CREATE TABLE log (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE channels (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, last TEXT NOT NULL,
  count INTEGER NOT NULL, bytes INTEGER NOT NULL, age INTEGER NOT NULL, due INTEGER NOT NULL
);
CREATE INDEX channels_due ON channels (due);
CREATE TABLE entries (
  channel INTEGER NOT NULL, ms INTEGER NOT NULL, seq INTEGER NOT NULL,
  message INTEGER NOT NULL, size INTEGER NOT NULL, shared INTEGER NOT NULL,
  PRIMARY KEY (channel, ms, seq)
) WITHOUT ROWID;
CREATE TABLE messages (id INTEGER PRIMARY KEY, head TEXT NOT NULL, data NOT NULL);
CREATE TABLE shared (message INTEGER PRIMARY KEY, refs INTEGER NOT NULL);
CREATE TABLE ids (id TEXT PRIMARY KEY, position TEXT, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX ids_until ON ids (until);
`

/**
 * Of every connection. A commit is on disk before it is acknowledged (`synchronous = FULL`). Nothing is memory-mapped, as mapped
 * pages that were read count as the memory of the process; what SQLite itself keeps of the file is bounded, in KiB.
 */
const ofEveryConnection = `
PRAGMA busy_timeout = 1000; PRAGMA synchronous = FULL; PRAGMA mmap_size = 0; PRAGMA cache_size = -2048;
PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 16777216;
`

/** The log's file. */
export const logForm: FileForm = {
  name: 'log.db',
  // "Mlrc"
  applicationId: 0x4d6c7263,
  version: 1,
  // Messages are larger than most rows, so the pages are as well; and the file can be given back to the system in small steps.
  beforeTables: 'PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL;',
  ofEveryConnection,
  fill(database) {
    database.exec(tables)
  },
}
