import type { ListenerInfo } from '../events/listener.ts'
import type { QueueCounts } from '../queue/port.ts'
import type { FinishedRun } from './job-runs.ts'
import { oneLine, paint, printable } from './output.ts'
import type { WorkSummary } from './work-tally.ts'

/** A queue that the worker works on, and whose listeners it runs there. */
export interface Served {
  readonly queue: string
  readonly listeners: readonly string[]
}

/** What a worker serves: the queues it was told, or those of the application's queued listeners. */
export function toServed(listeners: readonly ListenerInfo[], queues: readonly string[] | undefined): readonly Served[] {
  const queued = listeners.filter(({ queue }) => queue !== undefined)
  const names = new Set(queues ?? queued.map(({ queue }) => queue?.name ?? ''))
  return [...names].sort().map((name) => ({
    queue: name,
    listeners: queued.filter(({ queue }) => queue?.name === name).map(({ label }) => label),
  }))
}

export function toBanner(path: string, served: readonly Served[]): string {
  const width = Math.max(...served.map(({ queue }) => queue.length))
  const rows = served.map(({ queue, listeners }) => {
    const whom = listeners.length === 0 ? 'no listener is on it; only jobs from before' : listeners.join(', ')
    return `  ${paint('cyan', printable(queue.padEnd(width)))}  ${printable(whom)}`
  })
  return [`${paint('bold', 'millrace')} works for ${path}`, ...rows].join('\n')
}

/** Queues with jobs that no worker would run: this one does not serve them, and no listener is on them. */
export function toUnserved(
  counts: readonly QueueCounts[],
  served: readonly Served[],
  listeners: readonly ListenerInfo[],
): readonly string[] {
  // What this worker was told to leave alone is another one's.
  const known = new Set([...served, ...toServed(listeners, undefined)].map(({ queue }) => queue))
  return counts
    .filter(({ queue, waiting, delayed }) => !known.has(queue) && waiting + delayed > 0)
    .map((one) => one.queue)
}

const colours = { done: 'green', retry: 'yellow', failed: 'red', returned: 'yellow' } as const

/** A run as people read it. */
export function toRunLine({ run, outcome, ran }: FinishedRun): string {
  const { kind } = outcome
  const parts = [
    paint('dim', new Date().toTimeString().slice(0, 8)),
    paint(colours[kind], kind.padEnd(8)),
    paint('cyan', printable(run.listener)),
    paint('magenta', printable(run.event.name)),
    paint('dim', toTime(ran)),
    ...(kind === 'done' ? [] : [whyOf(run.attempt, outcome)]),
    ...(kind === 'failed' ? [paint('dim', printable(run.job))] : []),
  ]
  return parts.join('  ')
}

function whyOf(attempt: number, { kind, after, error }: FinishedRun['outcome']): string {
  const next = kind === 'retry' && after !== undefined ? `, again in ${toTime(after)}` : ''
  return `run ${attempt}${next}: ${oneLine(reasonOf(error))}`
}

/** A run as a line of JSON. */
export function toRunEvent({ run, outcome, ran, waited }: FinishedRun): object {
  const { kind, after, error } = outcome
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
  return {
    event: 'run',
    outcome: kind,
    job: run.job,
    queue: run.queue,
    listener: run.listener,
    name: run.event.name,
    attempt: run.attempt,
    ms: round(ran),
    ...(waited === undefined ? {} : { waited: round(waited) }),
    ...(kind === 'retry' ? { after } : {}),
    ...(kind === 'done' ? {} : { error: { ...(typeof code === 'string' ? { code } : {}), message: reasonOf(error) } }),
  }
}

export function toSummaryLine({ done, retried, failed, returned, rate, waited, ran }: WorkSummary): string {
  const counts = [
    `${done} done`,
    ...(retried > 0 ? [paint('yellow', `${retried} retried`)] : []),
    ...(failed > 0 ? [paint('red', `${failed} failed`)] : []),
    ...(returned > 0 ? [paint('yellow', `${returned} returned`)] : []),
  ]
  const figures = [
    ...(rate === null ? [] : [`${round(rate)} runs/s`]),
    ...(waited === null ? [] : [`waited ${toTime(waited)}`]),
    ...(ran === null ? [] : [`ran ${toTime(ran)} (medians)`]),
  ]
  return [counts.join(', '), figures.join(', ')].filter((part) => part !== '').join('; ')
}

export function toSummaryEvent({ rate, waited, ran, ...counts }: WorkSummary): object {
  return {
    ...counts,
    rate: rate === null ? null : round(rate),
    waited: waited === null ? null : round(waited),
    ms: ran === null ? null : round(ran),
  }
}

/** What was thrown, in words. */
function reasonOf(error: unknown): string {
  return error instanceof Error
    ? error.message
    : typeof error === 'string'
      ? error
      : (JSON.stringify(error) ?? String(error))
}

function toTime(ms: number): string {
  if (ms < 1_000) return `${round(ms)} ms`
  return ms < 60_000 ? `${round(ms / 1_000)} s` : `${round(ms / 60_000)} min`
}

/** To three digits, more where it is large. */
function round(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3))
}
