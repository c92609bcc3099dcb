import { type Clock, systemClock } from '../base/clock.ts'
import { MillraceError, quote, warn } from '../base/errors.ts'
import { dispatchProbe, jobAddProbe } from '../base/probe.ts'
import type { Trace } from '../base/trace.ts'
import type { FailedJobs } from '../queue/failed.ts'
import type { StoredEvent } from '../queue/job.ts'
import { memoryQueue } from '../queue/memory.ts'
import type { Queue, QueueCounts } from '../queue/port.ts'
import type { CloseEventsOptions, Events, EventsOptions } from './api.ts'
import { Buffer } from './buffer.ts'
import { assertEvent, type Event } from './define.ts'
import { DispatchError, type ListenerFailure, reasonOf } from './dispatch-error.ts'
import type { ListenerInfo, ListenOptions, ListenTarget } from './listener.ts'
import { Listeners } from './listeners.ts'
import { type Queueing, toJob, toJobId } from './queueing.ts'
import { type Registration, toRegistration } from './registration.ts'
import { asRun, currentRun } from './run.ts'
import { fromStored } from './stored.ts'
import { Worker } from './worker.ts'

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
    assertEvent(event)
    this.#assertOpen(event.name)
    if (!this.#buffer.take(event)) await this.#track(this.#run(event))
  }

  async dispatchStored(stored: StoredEvent): Promise<void> {
    const event = fromStored(stored, this.#listeners.schemaOf(stored.name))
    this.#assertOpen(event.name)
    await this.#track(asRun(event.id, () => this.#run(event, stored.trace)))
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
    // A job that runs may go on to its end, or it would fail for no fault of its own, and be run again.
    if (!this.#closed || currentRun() !== undefined) return
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

  /** @param trace What it is part of, where that is not what runs now. */
  #run(event: Event, trace?: Trace): Promise<void> {
    if (!dispatchProbe.isWatched) return this.#runListeners(event)
    const message = { event: { id: event.id, name: event.name }, trace }
    return dispatchProbe.run(message, () => this.#runListeners(event))
  }

  async #runListeners(event: Event): Promise<void> {
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
      return this.#add(event, id, queue)
    }
    // Before it runs, so that a dispatch inside of it does not find it again.
    if (registration.once) this.#listeners.remove(registration)
    return registration.run(event, { event, attempt: 1 })
  }

  #add(event: Event, listener: string, queue: Queueing): Promise<void> {
    // The job is made inside, where what is added now is what runs: it keeps that.
    const add = async () => this.#queue.add(toJob(event, listener, queue, this.#clock.now()))
    if (!jobAddProbe.isWatched) return add()
    const { id, name } = event
    return jobAddProbe.run({ event: { id, name }, listener, queue: queue.name, job: toJobId(event, listener) }, add)
  }
}
