import type { Lane } from './faults.ts'

/** What a run is made of, besides its seed and how long it takes. */
export interface Profile {
  readonly broker: 'memory' | 'disk' | 'redis'
  /** More than one need a broker that is shared. @default 1 */
  readonly hubs?: number
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
const wireLane: Lane = { kinds: wire, every: 2_500, most: 1_500 }
const redisWireLane: Lane = { kinds: redisWire, every: 3_500, most: 2_500 }

export const profiles = {
  /** The hub's restart loses the log: gaps, and nothing else. */
  memory: { broker: 'memory', flood: 6, lanes: [hubLane, wireLane] },
  /** Nothing that kills the hub, so there is no gap to hide behind. */
  'memory-steady': {
    broker: 'memory',
    flood: 12,
    lanes: [{ kinds: { 'hub-pause': 1 }, every: 4_000, most: 1_500 }, wireLane],
  },
  'memory-short': {
    broker: 'memory',
    history: 40,
    lanes: [{ kinds: { 'hub-pause': 1 }, every: 4_000, most: 1_500 }, wireLane],
  },
  disk: { broker: 'disk', flood: 6, lanes: [hubLane, wireLane] },
  'disk-short': { broker: 'disk', history: 40, lanes: [hubLane, wireLane] },
  /** What the issue asks for. */
  'disk-issue': {
    broker: 'disk',
    lanes: [],
    fixed: [
      ['hub-kill', 0.25, 300],
      ['hub-kill', 0.75, 300],
    ],
  },
  redis: {
    broker: 'redis',
    hubs: 2,
    flood: 6,
    lanes: [
      { ...hubLane, count: 2 },
      { ...wireLane, count: 2 },
      { ...redisWireLane, count: 2 },
      { kinds: { 'redis-kill': 2, 'redis-pause': 1 }, every: 5_000, most: 1_500 },
    ],
  },
  'redis-short': {
    broker: 'redis',
    hubs: 2,
    history: 40,
    lanes: [
      { ...hubLane, count: 2 },
      { ...wireLane, count: 2 },
      { ...redisWireLane, count: 2 },
      { kinds: { 'redis-kill': 2, 'redis-pause': 1 }, every: 5_000, most: 1_500 },
    ],
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
      { ...hubLane, count: 2, every: 6_000 },
      { ...wireLane, count: 2, every: 4_000 },
      { ...redisWireLane, count: 2, every: 6_000 },
      { kinds: { 'redis-kill': 3, 'redis-pause': 1 }, every: 3_000, most: 1_000 },
    ],
  },
  'redis-failover': {
    broker: 'redis',
    hubs: 2,
    redis: { hasReplica: true },
    lanes: [
      { ...hubLane, count: 2, every: 6_000 },
      { ...wireLane, count: 2, every: 4_000 },
      { ...redisWireLane, count: 2, every: 6_000 },
      { kinds: { 'failover-in-step': 2, 'failover-behind': 2, 'failover-sudden': 2 }, every: 3_000, most: 1_000 },
    ],
  },
} as const satisfies Record<string, Profile>

export type ProfileName = keyof typeof profiles
