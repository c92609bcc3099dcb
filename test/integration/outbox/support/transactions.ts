interface Sent {
  readonly key: string
  readonly transaction: string
  /** The moment before its dispatch. */
  readonly dispatched: number
}

/** What was dispatched in which transaction, and when each was known to be committed: what must come out, and in which order. */
export class Transactions {
  readonly #sent = new Map<string, Sent>()
  readonly #committed = new Map<string, number>()
  #now = 0

  begin(name: string) {
    let count = 0
    return {
      /** To be called before the dispatch; gives the key of the event. */
      dispatch: (): string => {
        const key = `${name}:${count++}`
        this.#sent.set(key, { key, transaction: name, dispatched: this.#now++ })
        return key
      },
      /** To be called once the commit was answered. */
      committed: (): void => {
        this.#committed.set(name, this.#now++)
      },
    }
  }

  /** The keys that must come out. */
  get expected(): string[] {
    return [...this.#sent.values()].filter(({ transaction }) => this.#committed.has(transaction)).map(({ key }) => key)
  }

  /** What is wrong with what came out. */
  faults(keys: readonly string[]): string[] {
    const counts = new Map<string, number>()
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
    const faults = this.expected.filter((key) => !counts.has(key)).map((key) => `${key} is missing`)
    for (const [key, count] of counts) if (count > 1) faults.push(`${key} came ${count} times`)
    return [...faults, ...this.#outOfOrder(keys)]
  }

  *#outOfOrder(keys: readonly string[]): Iterable<string> {
    const lastOf = new Map<string, Sent>()
    let latest = -1
    for (const key of new Set(keys)) {
      const sent = this.#sent.get(key)
      const committed = sent === undefined ? undefined : this.#committed.get(sent.transaction)
      if (sent === undefined || committed === undefined) {
        yield `${key} was rolled back`
        continue
      }
      const before = lastOf.get(sent.transaction)
      if (before !== undefined && before.dispatched > sent.dispatched) yield `${key} came after ${before.key}`
      lastOf.set(sent.transaction, sent)
      if (latest > committed) yield `${key} came after what was dispatched when it was committed`
      latest = Math.max(latest, sent.dispatched)
    }
  }
}
