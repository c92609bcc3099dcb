import type { Fault } from '../../broker/shared/fault.ts'
import type { ServerOptions } from '../options.ts'

/** What the primary tells a worker. A connection comes with its socket. */
export type ToWorker =
  | { readonly kind: 'start'; readonly worker: number; readonly options: ServerOptions; readonly isHosted: boolean }
  | { readonly kind: 'connection' }
  | { readonly kind: 'close'; readonly drain: number; readonly isLeaving: boolean }
  | { readonly kind: 'count' }

/** What a worker tells the primary. */
export type ToPrimary =
  | { readonly kind: 'ready' }
  /** It cannot start, and ends. */
  | { readonly kind: 'refused'; readonly fault: Fault }
  /** Of the connections that it was handed, so many have arrived, and so many have ended, since it last said so. */
  | { readonly kind: 'connections'; readonly taken: number; readonly left: number }
  | { readonly kind: 'subscribers'; readonly count: number }
  | { readonly kind: 'error'; readonly fault: Fault }

/** Where a worker finds its wire to the broker of the primary: the first file descriptor after those of every child and of IPC. */
export const brokerDescriptor = 4
