import { endOfTurn } from '../base/turn.ts'

/** Which jobs a process runs. */
export interface WorkOptions {
  /** The queues that it works on. @default those of its queued listeners */
  readonly queues?: readonly string[]
  /** How many jobs of each queue it runs at a time. @default what its listeners say, else 10 */
  readonly concurrency?: number
}

/** What a process was started for. It wins over the application's own `work`, which is the same whatever loads its module. */
export interface Orders {
  /** `false`: only to look at the queue. */
  readonly work: WorkOptions | false
  /** When the application is loaded: a job that is run before would not find its listener. */
  readonly ready?: Promise<unknown>
}

const key = Symbol.for('millrace.work')

/** For programs that load an application's module, to be called before. */
export function giveOrders(orders: Orders): void {
  Reflect.set(globalThis, key, orders)
}

/** Registered, so that it reaches another copy of this package as well. */
export function ordersGiven(): Orders | undefined {
  return Reflect.get(globalThis, key)
}

/** Calls `start` when this process may begin to work: not before the turn is over in which the listeners are registered. */
export function whenReady(start: () => void): void {
  const ready = ordersGiven()?.ready
  if (ready === undefined) endOfTurn(start)
  else ready.then(start, () => {})
}
