import type { Clock } from '../base/clock.ts'
import { MillraceError, type OnError, quote, warn } from '../base/errors.ts'
import { toJob } from '../queue/job.ts'
import { memoryQueue } from '../queue/memory.ts'
import type { Job, JobRun, Queue } from '../queue/port.ts'
import { type Event, isEvent, sealEvent } from './define.ts'
import { DispatchError, type ListenerFailure, reasonOf } from './dispatch-error.ts'
import type { Listener, ListenOptions, ListenTarget, TargetEvent } from './listener.ts'
import { Listeners } from './listeners.ts'
import { type Registration, toRegistration } from './registration.ts'

export interface EventsOptions {
  /** Where queued listeners' jobs wait. It is this object's from now on, and closed with it. @default memoryQueue() */
  readonly queue?: Queue
  /** Told of failures that nobody awaits: a queued listener that was given up. @default a console warning */
  readonly onError?: OnError
  /** The clock of the default queue. @default the system's */
  readonly clock?: Clock
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
    options?: ListenOptions,
  ): () => void
  /**
   * Runs the event's listeners; resolves when each has run or, if it is queued, its job is with the queue.
   *
   * They run one after the other in order of registration, each awaited: so a listener can count on those before it
   * (one writes, the next publishes what was written), and a failure has one place in the order. What is slow and
   * independent belongs in a queued listener. The list is taken once: a listener added meanwhile has its turn at the
   * next event. The first one starts before this returns.
   *
   * @throws {DispatchError} once all have run, if some failed; it names each. {MillraceError} `event_invalid` for what
   * no definition made; `events_closed`.
   */
  dispatch(event: Event): Promise<void>
  /**
   * Takes no more dispatches, waits for those under way, then closes the queue. Call it before the process ends; not
   * awaited inside a listener, which it would wait for. A second call gives the first one's promise.
   */
  close(): Promise<void>
}

/** Makes the place where listeners are registered and events dispatched. An application has one, as a rule. */
export function createEvents(options: EventsOptions = {}): Events {
  return new Dispatcher(options)
}

class Dispatcher implements Events {
  readonly #listeners = new Listeners()
  readonly #underWay = new Set<Promise<void>>()
  readonly #onError: OnError
  readonly #queue: Queue
  #working = false
  #closed = false
  #closing: Promise<void> | undefined

  constructor({ queue, onError = warn, clock }: EventsOptions) {
    this.#onError = onError
    this.#queue = queue ?? memoryQueue(clock === undefined ? { onError } : { onError, clock })
  }

  listen<const Target extends ListenTarget>(
    target: Target,
    listener: Listener<TargetEvent<Target>>,
    options: ListenOptions = {},
  ): () => void {
    const registration = toRegistration(target, listener, options)
    if (!options.signal?.aborted) {
      // First, for the queue may have another worker: then the listener is not registered.
      if (registration.queue !== undefined) this.#work()
      this.#listeners.add(registration, options.signal)
    }
    return () => this.#listeners.remove(registration)
  }

  async dispatch(event: Event): Promise<void> {
    if (!isEvent(event)) throw notAnEvent(event)
    if (this.#closed) {
      const message = `Event ${quote(event.name)} was dispatched after close(). Close when nothing dispatches any more.`
      throw new MillraceError('events_closed', message)
    }
    const run = this.#run(event)
    this.#underWay.add(run)
    try {
      await run
    } finally {
      this.#underWay.delete(run)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#shut()
    return this.#closing
  }

  async #shut(): Promise<void> {
    this.#closed = true
    // Their failures are their callers'.
    await Promise.allSettled(this.#underWay)
    await this.#queue.close()
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

  #give(registration: Registration, event: Event): unknown {
    const { id, queue } = registration
    if (queue !== undefined && id !== undefined) return this.#queue.add(toJob(event, id), queue)
    // Before it runs, so that a dispatch inside of it does not find it again.
    if (registration.once) this.#listeners.remove(registration)
    return registration.run(event, { attempt: 1 })
  }

  /** From the first queued listener on: with none, this process has no business with jobs of a shared queue. */
  #work(): void {
    if (this.#working) return
    this.#queue.work({
      run: (job, run) => this.#runJob(job, run),
      failed: (job, error, attempt) => this.#onError(gaveUp(job, error, attempt)),
    })
    this.#working = true
  }

  async #runJob(job: Job, { attempt }: JobRun): Promise<void> {
    const registration = this.#listeners.withId(job.listener)
    if (registration === undefined) {
      const message = `No listener has the id ${quote(job.listener)}: it was removed, or renamed while its jobs waited.`
      throw new MillraceError('listener_unknown', message, { data: { listener: job.listener } })
    }
    await registration.run(sealEvent(job.event), { attempt })
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

function gaveUp({ listener, event }: Job, error: unknown, attempt: number): MillraceError {
  return new MillraceError(
    'listener_failed',
    `Queued listener ${quote(listener)} gave up on event ${quote(event.name)} (${event.id}) after ${attempt} ` +
      `${attempt === 1 ? 'run' : 'runs'}: ${reasonOf(error)}`,
    { cause: error, data: { id: event.id, event: event.name, listeners: [listener], attempt } },
  )
}
