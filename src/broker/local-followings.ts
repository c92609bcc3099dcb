import type { Entry, Follower, Following } from './port.ts'

/** The followers of a broker whose log is written in this process alone: they are told by a call. */
export class LocalFollowings {
  readonly #followings = new Set<LocalFollowing>()

  attach(follower: Follower): Following {
    const following = new LocalFollowing(follower, () => this.#followings.delete(following))
    this.#followings.add(following)
    return following
  }

  announce(entry: Entry): void {
    for (const following of this.#followings) following.announce(entry)
  }

  /** Tells all of them of a failure; false where there is nobody to tell. */
  tell(error: unknown): boolean {
    for (const following of this.#followings) following.tell(error)
    return this.#followings.size > 0
  }

  clear(): void {
    this.#followings.clear()
  }
}

class LocalFollowing implements Following {
  readonly #channels = new Set<string>()
  readonly #follower: Follower
  readonly #detach: () => void

  constructor(follower: Follower, detach: () => void) {
    this.#follower = follower
    this.#detach = detach
  }

  announce(entry: Entry): void {
    for (const channel of entry.channels) {
      if (!this.#channels.has(channel)) continue
      this.#follower.onEntry(entry)
      return
    }
  }

  tell(error: unknown): void {
    this.#follower.onError(error)
  }

  async follow(channel: string): Promise<void> {
    this.#channels.add(channel)
  }

  unfollow(channel: string): void {
    this.#channels.delete(channel)
  }

  async close(): Promise<void> {
    this.#channels.clear()
    this.#detach()
  }
}
