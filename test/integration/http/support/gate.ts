import { memory } from '../../../../src/broker/memory/memory.ts'
import type { Broker } from '../../../../src/broker/port.ts'
import { bound } from '../../../support/bound-broker.ts'

/** Something that waits until the test lets it go on. */
export interface Gate {
  /** How many have come to it. */
  readonly reached: number
  pass(): Promise<void>
  open(): void
}

export function createGate(): Gate {
  let reached = 0
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return {
    get reached() {
      return reached
    },
    pass() {
      reached++
      return opened
    },
    open: () => open(),
  }
}

/** A broker that keeps whoever asks it waiting. */
export function slowBroker(gates: { readonly head?: Gate; readonly read?: Gate }): Broker {
  const broker = memory()
  return {
    ...bound(broker),
    async read(...args) {
      await gates.read?.pass()
      return broker.read(...args)
    },
    async head() {
      await gates.head?.pass()
      return broker.head()
    },
  }
}
