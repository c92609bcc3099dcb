import type { ThreadFailure } from '../../sqlite/thread.ts'
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

/** What it answers, by the kind of the request. */
export interface WriterReplies {
  readonly append: {
    readonly kind: 'appended'
    readonly appended: readonly Appended[]
    readonly head: Position
    /** The parcel's buffer, for the next one. */
    readonly data: ArrayBuffer
  }
  readonly sweep: { readonly kind: 'swept'; readonly isMore: boolean }
  readonly close: { readonly kind: 'closed' }
}

export type WriterReply = WriterReplies[keyof WriterReplies] | ThreadFailure
