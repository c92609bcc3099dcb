import type { Clock } from '../base/clock.ts'
import type { OnError } from '../base/errors.ts'
import type { FailedJobs } from '../queue/failed.ts'
import type { StoredEvent } from '../queue/job.ts'
import type { Queue, QueueCounts } from '../queue/port.ts'
import type { Event } from './define.ts'
import type {
  InlineListenerOptions,
  Listener,
  ListenerInfo,
  ListenTarget,
  QueuedListener,
  QueuedListenerOptions,
  TargetEvent,
} from './listener.ts'
import type { WorkOptions } from './work.ts'

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
   * Takes no more dispatches, but for those of jobs that run, waits for all under way and for these jobs, then closes the queue. Call it
   * before the process ends; not awaited inside a listener, which it would wait for. A second call gives the first one's promise.
   */
  close(options?: CloseEventsOptions): Promise<void>
}
