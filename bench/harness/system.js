// @ts-check
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { now } from '../load/clock.js'

/** What the system counts in `/proc` is in hundredths of a second on every Linux there is (USER_HZ). */
const tick = 10_000

/**
 * What a process and all that it has started have used so far.
 *
 * @typedef {object} Usage
 * @property {number} cpu microseconds
 * @property {number} rss bytes
 * @property {number} pss bytes: shared pages are counted for each process by its share
 */

/**
 * @param {number} root
 * @returns {Usage}
 */
function usageOf(root) {
  const usage = { cpu: 0, rss: 0, pss: 0 }
  for (const pid of treeOf(root)) {
    usage.cpu += cpuOf(statOf(pid))
    const memory = read(`/proc/${pid}/smaps_rollup`)
    usage.rss += kilobytes(memory, 'Rss')
    usage.pss += kilobytes(memory, 'Pss')
  }
  return usage
}

/** Microseconds that the processors of this machine were busy, whoever kept them so; the time that a host took away is in it. */
function busy() {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = read('/proc/stat')
    .split('\n', 1)
    .flatMap((line) => line.split(/ +/).map(Number))
  return (user + nice + system + irq + softirq + steal) * tick
}

/** What the figures were taken on. */
export function machine() {
  const [cpu] = cpus()
  return {
    date: new Date().toISOString(),
    cpu: cpu?.model ?? 'unknown',
    cores: availableParallelism(),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: release(),
    node: process.version,
    redis: /v=(\S+)/.exec(printed('redis-server', ['--version']) ?? '')?.[1] ?? 'none',
    // Of what is not in the lockfile. Another system than Debian names them otherwise, or not at all.
    packages: (printed('dpkg-query', ['-W', 'nginx', 'libnginx-mod-nchan', 'pushpin']) ?? '')
      .replaceAll('\t', ' ')
      .split('\n'),
    commit: printed('git', ['rev-parse', '--short', 'HEAD']),
  }
}

/**
 * What has been used so far, by whom.
 *
 * @typedef {object} Reading
 * @property {number} time microseconds
 * @property {number} busy of all processors, in microseconds
 * @property {Record<string, Usage>} usage
 */

/**
 * @param {Readonly<Record<string, number | undefined>>} pids by name; each stands for all that it has started
 * @returns {Reading}
 */
export function readSystem(pids) {
  /** @type {Record<string, Usage>} */
  const usage = {}
  for (const [name, pid] of Object.entries(pids)) if (pid !== undefined) usage[name] = usageOf(pid)
  return { time: now(), busy: busy(), usage }
}

/** @param {number} root */
function treeOf(root) {
  /** @type {Map<number, number[]>} */
  const children = new Map()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const pid = Number(name)
    const parent = Number(statOf(pid)[1])
    children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const tree = [root]
  for (const pid of tree) tree.push(...(children.get(pid) ?? []))
  return tree
}

/**
 * The fields after the name, which may itself hold spaces: state, parent, ...
 *
 * @param {number} pid
 */
function statOf(pid) {
  const stat = read(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** @param {readonly string[]} stat */
function cpuOf(stat) {
  // Fields 14 and 15 of proc(5), utime and stime, of all threads.
  return (Number(stat[11] ?? 0) + Number(stat[12] ?? 0)) * tick
}

/**
 * @param {string} text
 * @param {string} name
 */
function kilobytes(text, name) {
  return Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024
}

/**
 * @param {string} path
 * @returns {string} nothing, where the process has ended
 */
function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return ''
    throw error
  }
}

/**
 * What a program prints; undefined where there is no such program.
 *
 * @param {string} command
 * @param {readonly string[]} args
 */
function printed(command, args) {
  const { stdout } = spawnSync(command, args, { encoding: 'utf8' })
  return stdout?.trim() || undefined
}

/** How many files a process may have open at most. Node takes as many as that by itself, and nginx what it is started with. */
export function openFileLimit() {
  const limit = /^Max open files +\d+ +(\d+)/m.exec(read('/proc/self/limits'))?.[1]
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit)
}
