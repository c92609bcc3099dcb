import { type Clock, systemClock } from '../base/clock.ts'
import { MillraceError, type OnError, quote, warn } from '../base/errors.ts'
import type { FailedJobs } from '../queue/failed.ts'
import type { StoredEvent } from '../queue/job.ts'
import { memoryQueue } from '../queue/memory.ts'
import type { Queue, QueueCounts } from '../queue/port.ts'
import { Buffer } from './buffer.ts'
import { type Event, isEvent } from './define.ts'
import { DispatchError, type ListenerFailure, reasonOf } from './dispatch-error.ts'
import type {
  InlineListenerOptions,
  Listener,
  ListenerInfo,
  ListenOptions,
  ListenTarget,
  QueuedListener,
  QueuedListenerOptions,
  TargetEvent,
} from './listener.ts'
import { Listeners } from './listeners.ts'
import { toJob } from './queueing.ts'
import { type Registration, toRegistration } from './registration.ts'
import { asRun } from './run.ts'
import { fromStored } from './stored.ts'
import type { WorkOptions } from './work.ts'
import { Worker } from './worker.ts'

export interface EventsOptions {
  /** Where queued listeners' jobs wait. It is this object's from now on, and closed with it. @default memoryQueue() */
  readonly queue?: Queue
  /**
   * Which jobs this process runs: those of its queued listeners, those that the options say, or with `false` none, where another process
   * runs them (`millrace work`).
   * @default true
   */
  readonly work?: boolean | WorkOptions
  /** Told of failures that nobody awaits: a queued listener that was given up. @default a console warning */
  readonly onError?: OnError
  /** The clock of the default queue, of timeouts and of `retryUntil`. @default the system's */
  readonly clock?: Clock
}

export interface CloseEventsOptions {
  /**
   * How long to wait for jobs that run, in ms: then their signals abort (`worker_stopped`), and they go back to their queue, to be run
   * again by another process. The run counts.
   * @default as long as they take
   */
  readonly timeout?: number
}

export interface Events {
  /**
   * Runs `listener` for each event of `target`, until the returned function is called (again: nothing) or the signal
   * aborts. From then on it is not started any more, not even by a dispatch under way.
   *
   * @throws {MillraceError} `listener_invalid` (no function, an id that is taken or missing), `pattern_invalid`,
   * `option_invalid`.
   */
  listen<const Target extends ListenTarget>(
    target: Target,
    listener: Listener<TargetEvent<Target>>,
    options?: InlineListenerOptions,
  ): () => void
  /** The same for one that is run by the queue, with what its run needs: `signal`, `retry` and `fail`. */
  listen<const Target extends ListenTarget>(
    target: Target,
    listener: QueuedListener<TargetEvent<Target>>,
    options: QueuedListenerOptions<TargetEvent<Target>>,
  ): () => void
  /**
   * Runs the event's listeners; resolves when each has run or, if it is queued, its job is with the queue. Inside of `buffer` it resolves
   * at once, and they run when the buffer's work has succeeded.
   *
   * They run one after the other in order of registration, each awaited: so a listener can count on those before it
   * (one writes, the next publishes what was written), and a failure has one place in the order. What is slow and
   * independent belongs in a queued listener. The list is taken once: a listener added meanwhile has its turn at the
   * next event. The first one starts before this returns.
   *
   * @throws {DispatchError} once all have run, if some failed; it names each. {MillraceError} `event_invalid` for what
   * no definition made; `events_closed`; `buffer_full`.
   */
  dispatch(event: Event): Promise<void>
  /**
   * Runs `work`, and holds back what is dispatched within it, also by what it calls and awaits, until it has succeeded: for a transaction,
   * whose events nobody may hear of unless it is committed. Where it throws, they are dropped. A buffer within a buffer hands on to the
   * one around it.
   *
   * Resolves with what `work` gave, once the events have been dispatched, in order.
   *
   * @throws what `work` throws. {DispatchError} where listeners failed, although `work` has succeeded; an `AggregateError` of such where
   * those of several events did. {MillraceError} `events_closed`, `dependency_missing` where there is no `AsyncLocalStorage`
   */
  buffer<Result>(work: () => Result): Promise<Awaited<Result>>
  /**
   * Dispatches what was kept of an event, as work that may be done more than once: what its listeners publish, and the events that they
   * make, are the same ones each time. For an outbox.
   *
   * @throws as `dispatch`; {MillraceError} `data_invalid`, `job_invalid` where it cannot be made an event again
   */
  dispatchStored(stored: StoredEvent): Promise<void>
  /** Whether its jobs outlive this process, so that others can run them and look at them; not with the queue in memory. */
  readonly isDurable: boolean
  /** The jobs that were given up: to list, to retry, to forget. */
  readonly failed: FailedJobs
  /** How many jobs each queue has. @throws {MillraceError} `queue_unavailable` */
  counts(): Promise<readonly QueueCounts[]>
  /** Who listens to what, in order of registration. */
  listeners(): readonly ListenerInfo[]
  /**
   * Takes no more dispatches, waits for those under way and for the jobs that run, then closes the queue. Call it before the process ends;
   * not awaited inside a listener, which it would wait for. A second call gives the first one's promise.
   */
  close(options?: CloseEventsOptions): Promise<void>
}

/** Makes the place where listeners are registered and events dispatched. An application has one, as a rule. */
export function createEvents(options: EventsOptions = {}): Events {
  return new Dispatcher(options)
}

class Dispatcher implements Events {
  readonly #listeners = new Listeners()
  readonly #buffer = new Buffer()
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #clock: Clock
  readonly #queue: Queue
  readonly #worker: Worker
  #closed = false
  #closing: Promise<void> | undefined

  constructor({ queue, work = true, onError = warn, clock = systemClock }: EventsOptions) {
    this.#clock = clock
    this.#queue = queue ?? memoryQueue({ onError, clock })
    this.#worker = new Worker({ queue: this.#queue, listeners: this.#listeners, work, clock, onError })
  }

  get isDurable(): boolean {
    return this.#queue.isDurable
  }

  get failed(): FailedJobs {
    return this.#queue.failed
  }

  listen(
    target: ListenTarget,
    listener: (event: never, context: never) => unknown,
    options: ListenOptions<never> = {},
  ): () => void {
    const registration = toRegistration(target, listener, options)
    if (!options.signal?.aborted) {
      // First, for the queue may have other ideas: then the listener is not registered.
      if (registration.queue !== undefined) this.#worker.serve(registration.queue)
      this.#listeners.add(registration, options.signal)
    }
    return () => this.#listeners.remove(registration)
  }

  listeners(): readonly ListenerInfo[] {
    return this.#listeners.all()
  }

  async dispatch(event: Event): Promise<void> {
    if (!isEvent(event)) throw notAnEvent(event)
    this.#assertOpen(event.name)
    if (!this.#buffer.take(event)) await this.#track(this.#run(event))
  }

  async dispatchStored(stored: StoredEvent): Promise<void> {
    const event = fromStored(stored, this.#listeners.schemaOf(stored.name))
    this.#assertOpen(event.name)
    await this.#track(asRun(event.id, () => this.#run(event)))
  }

  buffer<Result>(work: () => Result): Promise<Awaited<Result>> {
    return this.#track(this.#buffer.hold(work, (events) => this.#runAll(events)))
  }

  counts(): Promise<readonly QueueCounts[]> {
    return this.#queue.counts()
  }

  close({ timeout }: CloseEventsOptions = {}): Promise<void> {
    this.#closing ??= this.#shut(timeout)
    return this.#closing
  }

  async #shut(timeout: number | undefined): Promise<void> {
    this.#closed = true
    const cancel = timeout === undefined ? undefined : this.#worker.stopIn(timeout)
    // Their failures are their callers'.
    await Promise.allSettled(this.#underWay)
    // What was dispatched in the turn in which it was registered for.
    this.#worker.begin()
    await this.#queue.close()
    cancel?.()
  }

  #assertOpen(name: string): void {
    if (!this.#closed) return
    const message = `Event ${quote(name)} was dispatched after close(). Close when nothing dispatches any more.`
    throw new MillraceError('events_closed', message)
  }

  async #track<Result>(run: Promise<Result>): Promise<Result> {
    this.#underWay.add(run)
    try {
      return await run
    } finally {
      this.#underWay.delete(run)
    }
  }

  /** Each of them, whatever becomes of those before it: the work that dispatched them is done. */
  async #runAll(events: readonly Event[]): Promise<void> {
    const failures: unknown[] = []
    for (const event of events) await this.#run(event).catch((failure: unknown) => failures.push(failure))
    if (failures.length > 1) throw new AggregateError(failures, failures.map(reasonOf).join(' '))
    if (failures.length === 1) throw failures[0]
  }

  async #run(event: Event): Promise<void> {
    const failures: ListenerFailure[] = []
    let ran = 0
    for (const registration of this.#listeners.matching(event.name)) {
      // An earlier listener, or a dispatch inside of one, may have removed it.
      if (!this.#listeners.has(registration)) continue
      ran++
      try {
        await this.#give(registration, event)
      } catch (error) {
        failures.push({ listener: registration.label, error })
      }
    }
    if (failures.length > 0) throw new DispatchError(event, failures, ran)
  }

  async #give(registration: Registration, event: Event): Promise<unknown> {
    const { id, queue } = registration
    if (queue !== undefined && id !== undefined) {
      if (queue.when !== undefined && !(await queue.when(event))) return undefined
      return this.#queue.add(toJob(event, id, queue, this.#clock.now()))
    }
    // Before it runs, so that a dispatch inside of it does not find it again.
    if (registration.once) this.#listeners.remove(registration)
    return registration.run(event, { event, attempt: 1 })
  }
}

/** `never`, as the compiler sees it: the value comes from a program without types, or from a cast. */
function notAnEvent(value: never): MillraceError {
  const message =
    typeof value === 'function'
      ? 'Only an event can be dispatched, not a function. Did you mean to call the definition: NewMessage(data)?'
      : `Only an event can be dispatched, not ${quote(value)}. Make it by calling a definition, and do not copy it.`
  return new MillraceError('event_invalid', message)
}
