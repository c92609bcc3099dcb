import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'

/** Whether a process can have a disk of its own, which needs Linux and user namespaces; in some containers they are forbidden. */
export const canMount = (() => {
  try {
    execFileSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

/** Runs a program of Node with 6 MB of disk in `dir`, its first argument; gives the JSON that it prints. */
export async function runOnSmallDisk(program: string, dir: string): Promise<Record<string, unknown>> {
  const script = 'mount -t tmpfs -o size=6m tmpfs "$1" && exec "$2" "$3" "$1"'
  const { stdout } = await promisify(execFile)('unshare', [
    ...['-rm', 'sh', '-c', script],
    ...['sh', dir, process.execPath, program],
  ])
  return JSON.parse(stdout)
}
