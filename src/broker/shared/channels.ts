import type { Entry, Follower, Following } from '../port.ts'

/** How a channel is followed at the other end, where this whole process is one follower. */
export interface Followed {
  /** Resolves when it is sure to be announced here. */
  follow(channel: string): Promise<unknown>
  unfollow(channel: string): void
}

interface Channel {
  readonly followings: Set<SharedFollowing>
  readonly followed: Promise<void>
}

/** The followers in this process: each channel is followed once for all of them. */
export class SharedChannels {
  readonly #far: Followed
  readonly #channels = new Map<string, Channel>()
  readonly #followings = new Set<SharedFollowing>()

  constructor(far: Followed) {
    this.#far = far
  }

  attach(follower: Follower): Following {
    const following = new SharedFollowing(follower, this)
    this.#followings.add(following)
    return following
  }

  /** To each follower once, however many of its channels it follows. */
  announce(entry: Entry): void {
    for (const following of this.#followings)
      if (entry.channels.some((channel) => this.#channels.get(channel)?.followings.has(following)))
        following.follower.onEntry(entry)
  }

  interrupt(): void {
    for (const { follower } of this.#followings) follower.onInterrupted()
  }

  resume(): void {
    for (const { follower } of this.#followings) follower.onResumed()
  }

  /** Nobody is told anything any more. */
  clear(): void {
    for (const following of this.#followings) this.detach(following)
  }

  follow(following: SharedFollowing, name: string): Promise<void> {
    let channel = this.#channels.get(name)
    if (channel === undefined) {
      // Where the other end is gone there is nothing more to wait for, and whoever asks for messages is told so.
      const followed = this.#far.follow(name).then(
        () => {},
        () => {},
      )
      channel = { followings: new Set(), followed }
      this.#channels.set(name, channel)
    }
    channel.followings.add(following)
    return channel.followed
  }

  unfollow(following: SharedFollowing, name: string): void {
    const channel = this.#channels.get(name)
    if (!channel?.followings.delete(following) || channel.followings.size > 0) return
    this.#channels.delete(name)
    this.#far.unfollow(name)
  }

  detach(following: SharedFollowing): void {
    this.#followings.delete(following)
    for (const name of this.#channels.keys()) this.unfollow(following, name)
  }
}

class SharedFollowing implements Following {
  readonly follower: Follower
  readonly #channels: SharedChannels

  constructor(follower: Follower, channels: SharedChannels) {
    this.follower = follower
    this.#channels = channels
  }

  follow(channel: string): Promise<void> {
    return this.#channels.follow(this, channel)
  }

  unfollow(channel: string): void {
    this.#channels.unfollow(this, channel)
  }

  async close(): Promise<void> {
    this.#channels.detach(this)
  }
}
