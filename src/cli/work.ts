import { MillraceError } from '../base/errors.ts'
import { keepAlive } from '../base/keep-alive.ts'
import { type Application, loadApplication } from './application.ts'
import { assertDurable } from './durable.ts'
import { exitCodes, report } from './exit.ts'
import { type FinishedRun, watchRuns } from './job-runs.ts'
import { outliveReader, paint, printError, say, written } from './output.ts'
import { toBanner, toRunEvent, toRunLine, toServed, toSummaryEvent, toSummaryLine, toUnserved } from './work-lines.ts'
import { WorkTally } from './work-tally.ts'

export interface WorkCommandOptions {
  readonly app?: string
  readonly queue?: readonly string[]
  readonly concurrency?: number
  /** How long running jobs have once it stops, in seconds. */
  readonly timeout: number
  readonly stopWhenEmpty?: boolean
  readonly maxJobs?: number
  /** In seconds. */
  readonly maxTime?: number
  readonly quiet?: boolean
  readonly json?: boolean
}

/** The process ends so much later than its running jobs were to, in ms, whatever still hangs. */
const grace = 5_000

/** How often a queue is asked whether it is empty, in ms. */
const lookPeriod = 200

/** How long whoever reads what it prints has for the end of it, in ms. */
const farewellTime = 1_000

/** Runs the queued listeners of an application until it is stopped. Never returns: it ends the process. */
export async function work(options: WorkCommandOptions): Promise<void> {
  try {
    await run(options)
    await exit(exitCodes.ok)
  } catch (error) {
    await exit(report(error, options.json))
  }
}

async function run(options: WorkCommandOptions): Promise<void> {
  const { app, queue: queues, concurrency, timeout, json = false, quiet = false } = options
  outliveReader()
  const tally = new WorkTally()
  const stopping = createStop()
  const watcher = watchRuns((finished) => {
    tally.add(finished, performance.now())
    if (!quiet || finished.outcome.kind !== 'done') tellRun(finished, json)
    if (tally.runs === options.maxJobs) stopping.stop(`${tally.runs} runs`)
  })
  // The queues' timers and sockets need not keep the process alive, and it is there to wait.
  keepAlive()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.stop(signal))

  const share = { ...(queues === undefined ? {} : { queues }), ...(concurrency === undefined ? {} : { concurrency }) }
  const application = await loadApplication({ app, work: share })
  const { events, path } = application
  assertDurable(application)
  const served = toServed(events.listeners(), queues)
  if (served.length === 0) {
    const message = `${path} registers no queued listener. Give one the option queue, or say with --queue whose jobs to run.`
    throw new MillraceError('application_invalid', message)
  }
  say(json ? JSON.stringify({ event: 'working', app: path, queues: served }) : toBanner(path, served))
  // A store that is away is no reason not to start: the queue waits for it.
  const counts = await events.counts().catch((error: unknown) => void report(error, json))
  const unserved = toUnserved(counts ?? [], served, events.listeners())
  if (unserved.length > 0) warnOf(unserved, json)

  if (options.maxTime !== undefined) setTimeout(() => stopping.stop(`${options.maxTime} s`), options.maxTime * 1_000)
  if (options.stopWhenEmpty) {
    const names = new Set(served.map(({ queue }) => queue))
    // How many runs there were when it was found empty. Twice in a row: a job that is retried at once may be nowhere to be seen for a moment.
    let foundAt: number | undefined
    const look = async () => {
      const isIdle = watcher.running === 0 && (await isEmpty(application, names))
      if (isIdle && foundAt === tally.runs) return stopping.stop('empty')
      foundAt = isIdle ? tally.runs : undefined
      setTimeout(next, lookPeriod)
    }
    const next = () => void look().catch(stopping.fail)
    next()
  }

  const reason = await stopping.asked
  for (const again of ['SIGINT', 'SIGTERM'] as const) process.on(again, () => process.exit(exitCodes.failed))
  say(
    json
      ? JSON.stringify({ event: 'closing', reason, running: watcher.running })
      : closingLine(reason, watcher.running),
  )
  setTimeout(
    () => {
      const message = 'Something would not close in time, and was left to itself. Its jobs will be run again.'
      void exit(report(new MillraceError('internal', message), json))
    },
    timeout * 1_000 + grace,
  )
  await application.close({ timeout: timeout * 1_000 })
  const summary = tally.summary()
  say(json ? JSON.stringify({ event: 'closed', ...toSummaryEvent(summary) }) : toSummaryLine(summary))
}

/** Ends the process. Who has stopped reading what it prints does not hold it. */
async function exit(code: number): Promise<never> {
  await Promise.race([written(), new Promise<void>((resolve) => setTimeout(resolve, farewellTime))])
  return process.exit(code)
}

/** A stop that may be asked for before anyone waits for it. */
function createStop() {
  let stop: (reason: string) => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const asked = new Promise<string>((resolve, reject) => {
    stop = resolve
    fail = reject
  })
  return { asked, stop, fail }
}

/** What waits for its time (a delay, a backoff) is left to the next worker. */
async function isEmpty({ events }: Application, queues: ReadonlySet<string>): Promise<boolean> {
  const counts = await events.counts()
  return counts.every(({ queue, waiting, running }) => !queues.has(queue) || waiting + running === 0)
}

function tellRun(finished: FinishedRun, json: boolean): void {
  say(json ? JSON.stringify(toRunEvent(finished)) : toRunLine(finished))
}

function warnOf(queues: readonly string[], json: boolean): void {
  const message = `No listener is on ${queues.join(', ')} any more, and jobs wait there: --queue ${queues.join(' ')} would run them.`
  if (json) printError(JSON.stringify({ event: 'warning', queues, message }))
  else printError(`${paint('yellow', 'warning:', process.stderr)} ${message}`)
}

function closingLine(reason: string, running: number): string {
  return `${reason}: stopping, with ${running} ${running === 1 ? 'job' : 'jobs'} running`
}
