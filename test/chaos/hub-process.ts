import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../support/free-port.ts'
import { type GuardedProcess, startGuarded } from '../support/guarded-process.ts'
import { until } from '../support/until.ts'

/** A hub gives itself 4.5 s to end. */
const longestEnd = 20_000

/** `millrace serve` as a process of its own, on one port over all its lives. */
export class HubProcess {
  readonly port: number
  readonly #args: readonly string[]
  #process: GuardedProcess | undefined
  #isUp = false

  private constructor(port: number, args: readonly string[]) {
    this.port = port
    this.#args = args
  }

  /** Resolves when it listens. @param main the command: `dist/cli/main.js` */
  static async start(main: string, args: readonly string[]): Promise<HubProcess> {
    const port = await freePort()
    const hub = new HubProcess(port, [main, 'serve', '--dev', '--json', '--port', String(port), ...args])
    await hub.start()
    return hub
  }

  get output(): string {
    return this.#process?.output ?? ''
  }

  async start(): Promise<void> {
    const unset = ['PORT', 'REDIS_URL', 'MILLRACE_URL'].flatMap((name) => ['-u', name])
    const started = await startGuarded('/usr/bin/env', [...unset, process.execPath, ...this.#args], '')
    this.#process = started
    await until('the hub to listen', async () => {
      if (started.ended !== undefined) throw new Error(`The hub ended with ${started.ended}: ${started.output}`)
      return started.output.includes('"event":"listening"') || undefined
    })
    this.#isUp = true
  }

  /** Has it replace its workers; resolves at once. */
  renew(): void {
    if (this.#isUp && this.#process !== undefined) sendSignal(this.#process.pid, 'SIGHUP')
  }

  /** Sends a signal to one of its workers. @param dose which, from 0 to 1 @returns its process id, if there is one */
  async signalWorker(signal: NodeJS.Signals, dose: number): Promise<number | undefined> {
    // Who dies in the midst of the hub's own start fails it, which is another matter.
    if (!this.#isUp) return undefined
    const hub = this.#process?.pid
    const children = await readFile(`/proc/${hub}/task/${hub}/children`, 'utf8').catch(() => '')
    const pids = children.split(' ').filter((pid) => pid !== '')
    const pid = pids[Math.floor(dose * pids.length)]
    if (pid !== undefined) sendSignal(Number(pid), signal)
    return pid === undefined ? undefined : Number(pid)
  }

  /** Resolves when it has ended; at once for SIGSTOP and SIGCONT. @throws when it does not end */
  async signal(signal: NodeJS.Signals): Promise<void> {
    const process = this.#process
    if (process === undefined) return
    if (signal === 'SIGKILL' || signal === 'SIGTERM') this.#isUp = false
    const cancel = new AbortController()
    const late = delay(longestEnd, 'late' as const, { signal: cancel.signal, ref: false })
    const outcome = await Promise.race([process.kill(signal), late])
    cancel.abort()
    late.catch(() => {})
    if (outcome !== 'late') return
    await process.kill('SIGKILL')
    throw new Error(`The hub did not end ${longestEnd} ms after ${signal}: ${process.output}`)
  }
}

/** To a process that may have ended. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** The command of this working tree, wherever this file was compiled to. */
export function commandLine(): string {
  const begin = fileURLToPath(import.meta.url)
  const root = begin.slice(0, begin.lastIndexOf(begin.includes('/.chaos/') ? '/.chaos/' : '/test/chaos/'))
  return `${root}/dist/cli/main.js`
}
