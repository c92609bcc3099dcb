import type { Events } from '../../../../src/events/api.ts'
import type { Hub } from '../../../../src/hub/api.ts'

export interface ShopOptions {
  /** Of the queue on disk, where there is no `redisUrl`. */
  readonly dir: string
  readonly redisUrl?: string | undefined
  /** In Redis. */
  readonly prefix: string
  /** The file into which its listeners write. */
  readonly log: string
  /** Workers have version 2. */
  readonly version: number
  /** Whether the listener that always failed does so no more. */
  readonly isMended?: boolean
}

export interface Shop {
  readonly events: Events
  readonly hub: Hub | undefined
  dispatch(name: string, data: { readonly n: number; readonly [more: string]: unknown }): Promise<void>
}

export function shopOf(options: ShopOptions): Shop
export function shopOfEnvironment(): Shop
