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
  /** Hears how far it is. */
  readonly onPhase?: (phase: string) => void
}

export interface Run extends RunOptions {
  readonly history: History
  readonly violations: readonly Violation[]
  /** What the hubs printed last. */
  readonly output: string
}

/** One run: processes, faults, readers and publishers, and what the checker says of it. */
export async function run({ profile: name, seed, seconds, onPhase = () => {} }: RunOptions): Promise<Run> {
  const profile: Profile = profiles[name]
  const prng = new Prng(`${name} ${seed}`)
  const history = new History()
  onPhase('start')
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
    onPhase('faults')
    for (const reader of readers) reader.start()
    for (const publisher of publishers) publisher.start()
    const duration = seconds * 1_000
    const lanes = [...toSchedule(prng.fork('faults'), profile.lanes, duration), fixed(profile, duration)]
    await Promise.all([
      drive(stage, lanes, duration),
      ...(profile.flood === undefined ? [] : [delay(duration / 3).then(() => flood(last, profile.flood ?? 0))]),
      delay(duration),
    ])
    onPhase('last publishes')
    await Promise.all(publishers.map((publisher) => publisher.stop()))
    onPhase('to the end')
    await close(readers, last, history)
  } finally {
    onPhase('stop publishers')
    await Promise.all([...publishers, last].map((publisher) => publisher.stop(0)))
    onPhase('stop readers')
    await Promise.all(readers.map((reader) => reader.stop()))
    onPhase('stop servers')
    await stage.stop()
  }
  onPhase('check')
  const violations = check(history.events, { history: profile.history ?? 10_000 })
  return { profile: name, seed, seconds, history, violations, output: stage.output }
}

/** All lanes; where one fails the others end too, and only then does this. */
async function drive(stage: Stage, lanes: readonly (readonly Fault[])[], duration: number): Promise<void> {
  const begin = performance.now()
  const now = () => performance.now() - begin
  let isFailed = false
  // One after the other, each at its time or, where the one before took longer, after that.
  const follow = async (faults: readonly Fault[]) => {
    for (const fault of faults) {
      await delay(Math.max(0, fault.at - now()))
      if (now() < duration && !isFailed) await stage.do(fault)
    }
  }
  const outcomes = await Promise.allSettled(
    lanes.map((faults) =>
      follow(faults).catch((error) => {
        isFailed = true
        throw error
      }),
    ),
  )
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

function fixed({ fixed = [] }: Profile, duration: number): Fault[] {
  return fixed.map(([kind, part, ms]) => ({ kind, at: part * duration, for: ms, which: 0, dose: 0 }))
}

function flood(publisher: Publisher, megabytes: number): Promise<void> {
  return publisher.flood(channels[0] ?? '', megabytes * 1_000_000)
}
