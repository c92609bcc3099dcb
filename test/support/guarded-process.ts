import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** A server that a test runs. It does not outlive the test's process, however that one ends. */
export interface GuardedProcess {
  readonly pid: number
  /** The exit code or the signal once it has ended, `undefined` before. */
  readonly ended: number | NodeJS.Signals | undefined
  /** What it printed, for the message of a failed start. */
  readonly output: string
  /**
   * Sends a signal. Resolves when the process has ended, and at once for SIGSTOP and SIGCONT, which end nothing, and for
   * a process that had ended before.
   */
  kill(signal: NodeJS.Signals): Promise<void>
}

/**
 * Starts a program with a guard beside it.
 *
 * A test process that crashes or is killed runs no clean-up of its own. The guard is a shell that waits on a pipe from
 * this process: the system closes that pipe when this process is gone, and then the guard kills the program and removes
 * `dir`.
 */
export async function startGuarded(command: string, args: readonly string[], dir: string): Promise<GuardedProcess> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-10_000)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  await once(child, 'spawn')

  const { pid } = child
  if (pid === undefined) throw new Error(`${command} was started and has no process id`)
  const guard = startGuard(pid, dir)
  const exit = once(child, 'exit').then(() => void guard.kill('SIGKILL'))

  return {
    pid,
    get ended() {
      return child.exitCode ?? child.signalCode ?? undefined
    },
    get output() {
      return output
    },
    async kill(signal) {
      child.kill(signal)
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await exit
    },
  }
}

function startGuard(pid: number, dir: string): ChildProcess {
  const script = 'cat >/dev/null; kill -9 "$1"; rm -rf "$2"'
  // In a session of its own, so that a Ctrl-C in the terminal does not end the guard before it has done its work.
  const guard = spawn('sh', ['-c', script, 'guard', String(pid), dir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.unref()
  return guard
}
