import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

// Where the tools are: npm sets the first only for its own scripts, and Debian keeps nginx where only root looks.
const path = [join(root, 'node_modules', '.bin'), process.env.PATH, '/usr/sbin'].join(delimiter)

/**
 * Runs a program in the repository's root, with this terminal and with the signals that this process gets.
 *
 * @param {string} command
 * @param {readonly string[]} [args]
 * @param {Record<string, string>} [env]
 * @returns {Promise<number>} its exit code; 1 where it could not be started or a signal ended it
 */
export function run(command, args = [], env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, PATH: path, ...env } })
    const forward = (signal) => child.kill(signal)
    // A terminal tells every process of its group, so the child has heard it too; a second one would cut its end short.
    const wait = () => {}
    const finish = (code) => {
      process.off('SIGINT', wait).off('SIGTERM', forward)
      resolve(code)
    }
    process.on('SIGINT', wait).on('SIGTERM', forward)
    child.once('error', (error) => {
      console.error(`Could not run ${command}: ${error.message}`)
      finish(1)
    })
    child.once('exit', (code) => finish(code ?? 1))
  })
}
