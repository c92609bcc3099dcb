import { setTimeout as delay } from 'node:timers/promises'
import { check } from './checker.ts'
import { channels, close } from './closing.ts'
import { type Fault, toSchedule } from './faults.ts'
import { History } from './history.ts'
import { Prng } from './prng.ts'
import { type Profile, type ProfileName, profiles } from './profiles.ts'
import { Publisher } from './publisher.ts'
import { Reader } from './reader.ts'
import { Stage } from './stage.ts'
import type { Violation } from './violation.ts'

export interface RunOptions {
  readonly profile: ProfileName
  readonly seed: number
  /** Of the part with faults. */
  readonly seconds: number
}

export interface Run extends RunOptions {
  readonly history: History
  readonly violations: readonly Violation[]
  /** What the hubs printed last. */
  readonly output: string
}

/** One run: processes, faults, readers and publishers, and what the checker says of it. */
export async function run({ profile: name, seed, seconds }: RunOptions): Promise<Run> {
  const profile: Profile = profiles[name]
  const prng = new Prng(`${name} ${seed}`)
  const history = new History()
  const stage = await Stage.start(history, profile)
  const ports = stage.wires.map(({ port }) => port)
  const readers = Array.from({ length: profile.readers ?? 20 }, (_, number) => {
    const own = prng.fork(`reader ${number}`)
    const { isSleepy } = profile
    return new Reader({ number, channels: own.some(channels), ports, history, prng: own, restless: 1_500, isSleepy })
  })
  const publishers = Array.from({ length: profile.publishers ?? 3 }, (_, number) => {
    return new Publisher({ number, channels, ports, history, prng: prng.fork(`publisher ${number}`) })
  })
  const last = new Publisher({ number: publishers.length, channels, ports, history, prng: prng.fork('last') })
  try {
    for (const reader of readers) reader.start()
    for (const publisher of publishers) publisher.start()
    const duration = seconds * 1_000
    const lanes = [...toSchedule(prng.fork('faults'), profile.lanes, duration), fixed(profile, duration)]
    await Promise.all([
      ...lanes.map((faults) => drive(stage, faults, duration)),
      ...(profile.flood === undefined ? [] : [delay(duration / 3).then(() => flood(last, profile.flood ?? 0))]),
      delay(duration),
    ])
    await Promise.all(publishers.map((publisher) => publisher.stop()))
    await close(readers, last, history)
  } finally {
    await Promise.all([...publishers, last].map((publisher) => publisher.stop()))
    await Promise.all(readers.map((reader) => reader.stop()))
    await stage.stop()
  }
  const violations = check(history.events, { history: profile.history ?? 10_000 })
  return { profile: name, seed, seconds, history, violations, output: stage.output }
}

/** One after the other, each at its time or, where the one before took longer, after that. */
async function drive(stage: Stage, faults: readonly Fault[], duration: number): Promise<void> {
  const begin = performance.now()
  const now = () => performance.now() - begin
  for (const fault of faults) {
    await delay(Math.max(0, fault.at - now()))
    if (now() < duration) await stage.do(fault)
  }
}

function fixed({ fixed = [] }: Profile, duration: number): Fault[] {
  return fixed.map(([kind, part, ms]) => ({ kind, at: part * duration, for: ms, which: 0, dose: 0 }))
}

function flood(publisher: Publisher, megabytes: number): Promise<void> {
  return publisher.flood(channels[0] ?? '', megabytes * 1_000_000)
}
