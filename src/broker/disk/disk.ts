import { type Clock, systemClock } from '../../base/clock.ts'
import { MillraceError, messageOf, type OnError, warn } from '../../base/errors.ts'
import { DatabaseThread } from '../../sqlite/thread.ts'
import { LocalFollowings } from '../local-followings.ts'
import type { Broker, Follower, Following, Outgoing, Page, PageLimit, Position } from '../port.ts'
import { comparePositions, parsePosition, positionAt } from '../position.ts'
import { timelineOf } from '../timeline.ts'
import { defaultHorizon, defaultIdWindow } from '../windows.ts'
import { type DataDirectory, openDirectory } from './data-directory.ts'
import { GroupCommit } from './group-commit.ts'
import { LogReader } from './log-reader.ts'
import { Packer } from './parcel.ts'
import type { Appended, WriterReplies, WriterRequest, WriterSettings } from './writer-messages.ts'

export interface DiskOptions {
  /** How long a publisher's `id` makes a repeated append the same message, in ms. @default 10 minutes */
  readonly idWindow?: number
  /** How long a channel is remembered after its last message, in ms. @default 30 days */
  readonly horizon?: number
  /** Hears that old messages could not be removed, or that nothing more can be written. @default the `onError` of the hub */
  readonly onError?: OnError
  readonly clock?: Clock
}

/** How often it looks for what is past its time, in ms. */
const sweepInterval = 10_000

/**
 * The log in a directory of this machine, for one process at a time. Needs no server; on Node before 22.13 it needs the package
 * `@photostructure/sqlite`.
 *
 * An acknowledged publish is on disk (fsync), and survives the end of the process at any instant and a crash of the machine.
 *
 * @param dir Is made where it is missing. On a disk of this machine, not on a network's
 * @throws {MillraceError} `data_locked`, `data_unavailable`, `data_incompatible`, `dependency_missing`
 */
export function disk(dir: string, options: DiskOptions = {}): Broker {
  return new DiskBroker(dir, options)
}

class DiskBroker implements Broker {
  readonly compare = comparePositions
  readonly parse = parsePosition
  readonly at = positionAt
  readonly timelineOf = timelineOf

  readonly #clock: Clock
  readonly #onError: OnError
  readonly #directory: DataDirectory
  readonly #reader: LogReader
  readonly #writer: DatabaseThread<WriterRequest, WriterReplies>
  readonly #commits: GroupCommit
  readonly #packer = new Packer()
  readonly #followings = new LocalFollowings()
  readonly #endSweep: () => void
  #isSweeping = false
  #head: Position
  #closed: Promise<void> | undefined

  constructor(dir: string, options: DiskOptions) {
    const { clock = systemClock, horizon = defaultHorizon, idWindow = defaultIdWindow } = options
    this.#clock = clock
    this.#onError = options.onError ?? ((error) => void (this.#followings.tell(error) || warn(error)))
    this.#directory = openDirectory(dir, clock.now())
    try {
      this.#reader = new LogReader(this.#directory.database, horizon)
      this.#head = this.#reader.head
      const settings: WriterSettings = { path: this.#directory.path, horizon, idWindow }
      this.#writer = new DatabaseThread('#disk-writer', settings, (error) => this.#onError(unwritten(error)))
    } catch (error) {
      this.#directory.database.close()
      this.#directory.unlock()
      throw error
    }
    this.#commits = new GroupCommit((messages) => this.#commit(messages))
    this.#endSweep = clock.every(sweepInterval, () => void this.#sweep())
  }

  async append(message: Outgoing): Promise<Position | null> {
    this.#assertOpen()
    const { position } = await this.#commits.append(message)
    return position
  }

  async read(cursor: Position, channels: readonly string[], limit: PageLimit): Promise<Page> {
    this.#assertOpen()
    try {
      const page = this.#reader.read(cursor, channels, limit, this.#clock.now())
      // A commit can be read a moment before the thread has told of it; nobody is to be ahead of the head then.
      this.#advance(page.next)
      return page
    } catch (cause) {
      throw new MillraceError('broker_unavailable', `The log on disk cannot be read: ${messageOf(cause)}.`, { cause })
    }
  }

  async head(): Promise<Position> {
    return this.#head
  }

  attach(follower: Follower): Following {
    return this.#followings.attach(follower)
  }

  /** What was appended before is written first. */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async #end(): Promise<void> {
    this.#endSweep()
    await this.#commits.idle()
    this.#followings.clear()
    // The writer's connection is the last one, and so the one that tidies up.
    this.#directory.database.close()
    try {
      await this.#writer.close({ kind: 'close' })
    } finally {
      this.#directory.unlock()
    }
  }

  async #commit(messages: readonly Outgoing[]): Promise<readonly Appended[]> {
    const parcel = this.#packer.pack(messages)
    const {
      appended,
      head,
      data: buffer,
    } = await this.#writer
      .ask({ kind: 'append', parcel, now: this.#clock.now() }, [parcel.data])
      .catch((cause: unknown) => {
        throw unwritten(cause)
      })
    this.#packer.takeBack(buffer)
    this.#advance(head)
    for (const [index, message] of messages.entries()) {
      const own = appended[index]
      if (own?.prev === undefined) continue
      const { channels, data, event, key, trace } = message
      this.#followings.announce({ position: own.position, prev: own.prev, channels, data, event, key, trace })
    }
    return appended
  }

  #advance(position: Position): void {
    if (comparePositions(position, this.#head) > 0) this.#head = position
  }

  /** In small steps, between which appends are written. */
  async #sweep(): Promise<void> {
    if (this.#isSweeping) return
    this.#isSweeping = true
    try {
      let isMore = true
      while (isMore && this.#closed === undefined) {
        isMore = (await this.#writer.ask({ kind: 'sweep', now: this.#clock.now() })).isMore
      }
    } catch (cause) {
      const message = `Old messages could not be removed from disk: ${messageOf(cause)}. It is tried again.`
      this.#onError(new MillraceError('broker_unavailable', message, { cause }))
    } finally {
      this.#isSweeping = false
    }
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) throw new MillraceError('broker_closed', 'The broker is closed.')
  }
}

function unwritten(cause: unknown): MillraceError {
  return new MillraceError(
    'broker_unavailable',
    `The log cannot be written to disk: ${messageOf(cause)}. Look at the room on the disk and try again; with an id, a message stays one.`,
    { cause },
  )
}
