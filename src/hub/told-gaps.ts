import type { Broker, ChannelGap, Position } from '../broker/port.ts'

/** The gaps that a reader has been told and may not be past yet: the log names a gap for every cursor that lies before its end. */
export class ToldGaps {
  readonly #compare: Broker['compare']
  /** By channel, where each ends. */
  readonly #ends = new Map<string, Position>()

  constructor(compare: Broker['compare']) {
    this.#compare = compare
  }

  /** Those that it has not been told. From now on it has. */
  fresh(gaps: readonly ChannelGap[]): readonly ChannelGap[] {
    return gaps.filter(({ channel, until }) => {
      if (until === undefined) return true
      const end = this.#ends.get(channel)
      this.#ends.set(channel, until)
      return end === undefined || this.#compare(end, until) !== 0
    })
  }

  /** To be told that it was given what the log no longer has: what is missing after that, it has not been told. */
  clear(): void {
    this.#ends.clear()
  }
}
