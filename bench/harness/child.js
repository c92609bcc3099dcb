// @ts-check
import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/** How long a process may take to end by itself, in ms; then it is killed. */
const patience = 8_000

/**
 * A process that we have started and that ends with us.
 *
 * @typedef {object} Child
 * @property {number} pid
 * @property {ChildProcess} process
 * @property {() => string} output what it printed, the last of it
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a program, with a guard beside it: a benchmark that is killed can clean up nothing, but the system then closes the pipe
 * on which the guard waits, and that kills the program and removes its folder, if it has one.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ dir?: string, env?: Readonly<Record<string, string>> }} [options]
 * @returns {Promise<Child>}
 */
export async function start(command, args, { dir = '', env = {} } = {}) {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Or a server that is to be measured without Redis would take the one of whoever measures.
    env: { ...process.env, REDIS_URL: '', PORT: '', ...env },
  })
  let output = ''
  const collect = (/** @type {Buffer} */ chunk) => {
    output = (output + chunk.toString()).slice(-10_000)
  }
  child.stdout?.on('data', collect)
  child.stderr?.on('data', collect)
  await once(child, 'spawn')
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} was started and has no process id`)

  const guard = spawn('sh', ['-c', 'cat >/dev/null; kill -9 "$1"; rm -rf "$2"', 'guard', String(pid), dir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // In a session of its own, so that a Ctrl-C does not end it before its work is done.
    detached: true,
  })
  guard.unref()
  const ended = once(child, 'exit').then(() => void guard.kill('SIGKILL'))

  return {
    pid,
    process: child,
    output: () => output,
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), patience)
      await ended
      clearTimeout(timer)
    },
  }
}

/**
 * Asks until the answer is not undefined.
 *
 * @template T
 * @param {Child} child
 * @param {string} what
 * @param {() => T | undefined | Promise<T | undefined>} ask
 * @returns {Promise<T>}
 */
export async function until(child, what, ask) {
  for (const end = Date.now() + patience; Date.now() < end; ) {
    const found = await ask()
    if (found !== undefined) return found
    if (child.process.exitCode !== null || child.process.signalCode !== null) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${child.process.spawnargs.join(' ')} did not ${what}. It printed: ${child.output()}`)
}

/**
 * The first line that a child prints which is a JSON object with this member.
 *
 * @param {Child} child
 * @param {string} member
 * @returns {Promise<string>} the member
 */
export function firstLine(child, member) {
  return until(child, `say its ${member}`, () => {
    for (const line of child.output().split('\n')) {
      const value = line.startsWith('{') && line.endsWith('}') ? JSON.parse(line)[member] : undefined
      if (typeof value === 'string') return value
    }
    return undefined
  })
}
