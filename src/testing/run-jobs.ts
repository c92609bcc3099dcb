import { MillraceError, quote } from '../base/errors.ts'
import { reasonOf } from '../events/dispatch-error.ts'
import type { HeldQueue, RanJob } from './held-queue.ts'
import type { ManualClock } from './manual-clock.ts'
import { turn } from './turn.ts'

/** So many runs at once are those of a listener that dispatches what it listens to. */
const maxRuns = 10_000

/** Runs what is due, and what falls due within so many ms, and puts the clock forward as far. Resolves with each run, in order. */
export async function runDue(queue: HeldQueue, clock: ManualClock, within: number): Promise<readonly RanJob[]> {
  const end = clock.now() + within
  const ran: RanJob[] = []
  for (;;) {
    // A listener that was registered in this turn has its worker by then.
    await turn()
    for (let next = await queue.runNext(); next !== undefined; next = await queue.runNext()) {
      ran.push(next)
      if (ran.length >= maxRuns) throw endless(next)
    }
    // What was failed for good is told to `onFailed`, which may dispatch.
    await turn()
    const due = queue.nextDue
    if (due === undefined || due > end) break
    clock.advance(Math.max(0, due - clock.now()))
  }
  clock.advance(Math.max(0, end - clock.now()))
  return ran
}

/** What a run has failed with, in words; nothing where it has not. */
export function failureOf({ job, attempt, outcome }: RanJob): { readonly error: unknown; readonly text: string }[] {
  if (outcome.kind === 'done') return []
  const { error } = outcome
  const next = outcome.kind === 'retry' ? `and is to be run again in ${outcome.after} ms` : 'and was given up'
  const run = `Queued listener ${quote(job.listener)} failed in run ${attempt} for event ${quote(job.event.name)}`
  return [{ error, text: `${run} (${job.event.id}), ${next}: ${reasonOf(error)}` }]
}

/** The failures of several runs as one error. */
export function runsFailed(failures: readonly { readonly error: unknown; readonly text: string }[]): MillraceError {
  const errors = failures.map(({ error }) => error)
  const text = failures.map((failure) => failure.text).join('\n')
  return new MillraceError('listener_failed', `${text}\nWhere runs may fail, say so: runJobs({ mayFail: true })`, {
    cause: errors.length === 1 ? errors[0] : new AggregateError(errors, text),
  })
}

function endless({ job }: RanJob): MillraceError {
  const message =
    `${maxRuns} jobs have run and there are more, the last one of ${quote(job.listener)} for ${quote(job.event.name)}. ` +
    'Does a listener dispatch the event that it listens to?'
  return new MillraceError('listener_failed', message)
}
