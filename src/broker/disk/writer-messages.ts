import type { Position } from '../port.ts'
import type { Parcel } from './parcel.ts'

/** What the writer's thread is started with. */
export interface WriterSettings {
  readonly path: string
  readonly horizon: number
  readonly idWindow: number
}

/** How an append went. */
export interface Appended {
  readonly position: Position | null
  /** As in the entry; undefined where the id was known, and so nothing was appended. */
  readonly prev: readonly (Position | null)[] | undefined
}

/** What the writer is asked; it answers each in turn, with one reply. `now` is in ms, by the clock of who asks. */
export type WriterRequest =
  | { readonly kind: 'append'; readonly parcel: Parcel; readonly now: number }
  | { readonly kind: 'sweep'; readonly now: number }
  | { readonly kind: 'close' }

export type WriterReply =
  | {
      readonly kind: 'appended'
      readonly appended: readonly Appended[]
      readonly head: Position
      /** The parcel's buffer, for the next one. */
      readonly data: ArrayBuffer
    }
  | { readonly kind: 'swept'; readonly isMore: boolean }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly error: Error }
