import type { Lane } from './faults.ts'

/** What a run is made of, besides its seed and how long it takes. */
export interface Profile {
  readonly broker: 'memory' | 'disk' | 'redis'
  /** More than one need a broker that is shared. @default 1 */
  readonly hubs?: number
  /** Processes of each hub that serve connections. @default 1: the hub itself */
  readonly workers?: number
  /** Messages that each channel keeps. @default 10,000, as the hub */
  readonly history?: number
  readonly redis?: {
    /** Whether a Redis that is killed has lost everything. @default false: `appendfsync always` */
    readonly isEmpty?: boolean
    /** Whether there is a replica to fail over to. @default false */
    readonly hasReplica?: boolean
  }
  /** @default 20 */
  readonly readers?: number
  /** Whether they stall more than they come and go. @default false */
  readonly isSleepy?: boolean
  /** @default 3 */
  readonly publishers?: number
  /** Megabytes in one burst, while readers stall. @default none */
  readonly flood?: number
  readonly lanes: readonly Lane[]
  /** Faults at set times, as parts of the run, beside those of the seed: `[kind, at, ms]`. */
  readonly fixed?: readonly (readonly [kind: string, at: number, ms: number])[]
}

const process = { 'hub-kill': 3, 'hub-pause': 2, 'hub-restart': 2 }
const wire = { 'wire-cut': 3, 'wire-slow': 2, 'wire-throttle': 1, 'wire-hold': 2, 'wire-swallow': 2 }
const redisWire = { 'redis-wire-cut': 3, 'redis-wire-slow': 2, 'redis-wire-hold': 2, 'redis-wire-swallow': 2 }

const hubLane: Lane = { kinds: process, every: 4_000, most: 1_500 }
const wireLane: Lane = { kinds: wire, every: 3_000, most: 1_500 }
const redisWireLane: Lane = { kinds: redisWire, every: 6_000, most: 2_000 }
/** Where there are two hubs, each has half of the trouble. */
const hubLanes: Lane = { ...hubLane, count: 2, every: 7_000 }
const wireLanes: Lane = { ...wireLane, count: 2, every: 5_000 }
const redisWireLanes: Lane = { ...redisWireLane, count: 2, every: 7_000 }
const redisLane: Lane = { kinds: { 'redis-kill': 2, 'redis-pause': 1 }, every: 6_000, most: 1_000 }
/** Of a hub with several processes. Those that die early are replaced later and later, so there are not too many of them. */
const workerLane: Lane = { kinds: { 'worker-kill': 3, 'worker-pause': 2, 'hub-renew': 2 }, every: 5_000, most: 1_500 }
/** For readers that are slow, and not much else. */
const quietLane: Lane = { kinds: { 'hub-pause': 1, 'wire-hold': 2, 'wire-throttle': 1 }, every: 6_000, most: 1_500 }

export const profiles = {
  'memory-slow': { broker: 'memory', readers: 6, isSleepy: true, flood: 30, lanes: [quietLane] },
  /** The hub's restart loses the log: gaps, and nothing else. */
  memory: { broker: 'memory', lanes: [hubLane, wireLane] },
  /** Nothing that kills the hub, so there is no gap to hide behind. */
  'memory-steady': {
    broker: 'memory',
    lanes: [{ kinds: { 'hub-pause': 1 }, every: 4_000, most: 1_500 }, wireLane],
  },
  'memory-short': {
    broker: 'memory',
    history: 20,
    lanes: [{ kinds: { 'hub-pause': 1 }, every: 4_000, most: 1_500 }, wireLane],
  },
  'disk-slow': { broker: 'disk', readers: 6, isSleepy: true, flood: 30, lanes: [quietLane] },
  disk: { broker: 'disk', lanes: [hubLane, wireLane] },
  'disk-short': { broker: 'disk', history: 20, lanes: [hubLane, wireLane] },
  /** What the issue asks for. */
  'disk-issue': {
    broker: 'disk',
    lanes: [],
    fixed: [
      ['hub-kill', 0.25, 300],
      ['hub-kill', 0.75, 300],
    ],
  },
  'redis-slow': { broker: 'redis', readers: 6, isSleepy: true, flood: 30, lanes: [quietLane] },
  redis: {
    broker: 'redis',
    hubs: 2,
    lanes: [hubLanes, wireLanes, redisWireLanes, redisLane],
  },
  'redis-short': {
    broker: 'redis',
    hubs: 2,
    history: 20,
    lanes: [hubLanes, wireLanes, redisWireLanes, redisLane],
  },
  'redis-issue': {
    broker: 'redis',
    lanes: [],
    fixed: [
      ['hub-kill', 0.25, 300],
      ['redis-kill', 0.5, 300],
      ['hub-kill', 0.75, 300],
    ],
  },
  'redis-empty': {
    broker: 'redis',
    hubs: 2,
    redis: { isEmpty: true },
    lanes: [
      hubLanes,
      wireLanes,
      redisWireLanes,
      { kinds: { 'redis-kill': 3, 'redis-pause': 1 }, every: 3_000, most: 1_000 },
    ],
  },
  'redis-failover': {
    broker: 'redis',
    hubs: 2,
    redis: { hasReplica: true },
    lanes: [
      hubLanes,
      wireLanes,
      redisWireLanes,
      { kinds: { 'failover-in-step': 2, 'failover-behind': 2, 'failover-sudden': 2 }, every: 3_000, most: 1_000 },
    ],
  },
  /** The log is the primary's, so that nothing is lost with a worker. */
  'memory-workers': { broker: 'memory', workers: 2, lanes: [workerLane, wireLane] },
  'disk-workers': {
    broker: 'disk',
    workers: 2,
    lanes: [
      workerLane,
      wireLane,
      { kinds: { 'hub-kill': 1, 'hub-pause': 1, 'hub-restart': 1 }, every: 10_000, most: 1_500 },
    ],
  },
  'redis-workers': { broker: 'redis', workers: 2, lanes: [workerLane, wireLane, redisWireLane, redisLane] },
} as const satisfies Record<string, Profile>

export type ProfileName = keyof typeof profiles
