import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { TcpProxy } from '../support/tcp-proxy.ts'
import type { Fault } from './faults.ts'
import type { History } from './history.ts'
import { commandLine, HubProcess, sendSignal } from './hub-process.ts'
import type { Profile } from './profiles.ts'
import { RedisStage } from './redis-stage.ts'

type Hand = (fault: Fault) => Promise<void>

/** The processes and wires of a run, and what can be done to them. */
export class Stage {
  /** One for each hub: readers and publishers come this way. */
  readonly wires: readonly TcpProxy[]
  readonly #history: History
  readonly #hubs: readonly HubProcess[]
  readonly #redis: RedisStage | undefined
  readonly #dir: string | undefined
  /** Whether a hub that ends takes the log with it. */
  readonly #isMortal: boolean
  readonly #hands: Readonly<Record<string, Hand>>

  private constructor(
    history: History,
    profile: Profile,
    parts: { hubs: readonly HubProcess[]; wires: readonly TcpProxy[]; redis?: RedisStage; dir?: string },
  ) {
    this.#history = history
    this.#isMortal = profile.broker === 'memory'
    this.#hubs = parts.hubs
    this.wires = parts.wires
    this.#redis = parts.redis
    this.#dir = parts.dir
    this.#hands = {
      'hub-kill': ({ which, for: ms }) => this.#restart(which, 'SIGKILL', ms),
      'hub-restart': ({ which, for: ms }) => this.#restart(which, 'SIGTERM', ms),
      'hub-pause': async ({ which, for: ms }) => {
        await this.#hub(which).signal('SIGSTOP')
        await delay(ms)
        await this.#hub(which).signal('SIGCONT')
      },
      'hub-renew': async ({ which }) => this.#hub(which).renew(),
      'worker-kill': async ({ which, dose }) => void (await this.#hub(which).signalWorker('SIGKILL', dose)),
      'worker-pause': async ({ which, for: ms, dose }) => {
        const pid = await this.#hub(which).signalWorker('SIGSTOP', dose)
        await delay(ms)
        if (pid !== undefined) sendSignal(pid, 'SIGCONT')
      },
      'redis-kill': async ({ for: ms }) => this.#redis?.kill(ms),
      'redis-pause': async ({ for: ms }) => this.#redis?.pause(ms),
      'failover-in-step': async ({ for: ms }) => this.#redis?.failOver('in-step', ms),
      'failover-behind': async ({ for: ms }) => this.#redis?.failOver('behind', ms),
      'failover-sudden': async ({ for: ms }) => this.#redis?.failOver('sudden', ms),
      ...toWireHands('wire', this.wires),
      ...toWireHands('redis-wire', parts.redis?.wires ?? []),
    }
  }

  static async start(history: History, profile: Profile): Promise<Stage> {
    const { broker, hubs: count = 1 } = profile
    const redis = broker === 'redis' ? await RedisStage.start(history, profile) : undefined
    const dir = broker === 'disk' ? await mkdtemp(join(tmpdir(), 'millrace-chaos-')) : undefined
    const hubs = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        HubProcess.start(commandLine(), [
          ...(redis === undefined ? [] : ['--redis', `redis://127.0.0.1:${redis.wires[index]?.port}`]),
          ...(dir === undefined ? [] : ['--data', dir]),
          ...(profile.workers === undefined ? [] : ['--workers', String(profile.workers)]),
          ...(profile.history === undefined ? [] : ['--history', String(profile.history)]),
        ]),
      ),
    )
    const wires = await Promise.all(hubs.map((hub) => TcpProxy.start(hub.port)))
    return new Stage(history, profile, { hubs, wires, ...(redis && { redis }), ...(dir && { dir }) })
  }

  /** Resolves when it is mended. */
  async do(fault: Fault): Promise<void> {
    const { kind, which } = fault
    const hand = this.#hands[kind]
    if (hand === undefined) throw new Error(`Nobody knows the fault ${kind}`)
    this.#history.record({ type: 'fault', kind, detail: `${which}, ${fault.for} ms` })
    await hand(fault)
    this.#history.record({ type: 'healed', kind, detail: String(which) })
  }

  /** What the hubs have printed since they were last started. */
  get output(): string {
    return this.#hubs.map((hub, index) => `hub ${index}: ${hub.output}`).join('\n')
  }

  async stop(): Promise<void> {
    for (const hub of this.#hubs) await hub.signal('SIGKILL')
    for (const wire of this.wires) await wire.close()
    await this.#redis?.stop()
    if (this.#dir !== undefined) await rm(this.#dir, { recursive: true, force: true })
  }

  async #restart(which: number, signal: NodeJS.Signals, ms: number): Promise<void> {
    const hub = this.#hub(which)
    await hub.signal(signal)
    if (this.#isMortal) {
      this.#history.record({ type: 'boundary', ms: Date.now(), isLoss: true, why: `the hub ended by ${signal}` })
    }
    await delay(ms)
    await hub.start()
  }

  #hub(which: number): HubProcess {
    const hub = this.#hubs[which]
    if (hub === undefined) throw new Error(`There is no hub ${which}`)
    return hub
  }
}

function toWireHands(name: string, wires: readonly TcpProxy[]): Record<string, Hand> {
  const during =
    (begin: (wire: TcpProxy, dose: number) => void): Hand =>
    async ({ which, for: ms, dose }) => {
      const wire = wires[which]
      if (wire === undefined) throw new Error(`There is no wire ${which}`)
      begin(wire, dose)
      await delay(ms)
      wire.heal()
    }
  return {
    [`${name}-cut`]: during((wire, dose) => {
      let part = 0
      wire.cut(() => {
        part += dose
        if (part < 1) return false
        part -= 1
        return true
      })
    }),
    [`${name}-slow`]: during((wire, dose) => wire.slow(Math.ceil(dose * 100))),
    [`${name}-throttle`]: during((wire, dose) => wire.throttle(20_000 + dose * 200_000)),
    [`${name}-hold`]: during((wire, dose) => wire.hold(dose < 0.5 ? 'up' : 'down')),
    [`${name}-swallow`]: during((wire, dose) => wire.swallow(dose < 0.5 ? 'up' : 'down')),
  }
}
