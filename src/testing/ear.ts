import type { Broker, Entry, Following } from '../broker/port.ts'

/** A follower that writes down what it hears. */
export interface Ear {
  readonly following: Following
  /** All it has heard, once that is at least `count` entries. */
  heard(count: number): Promise<readonly Entry[]>
  /** All it has heard, once one of them is the one. */
  until(isLast: (entry: Entry) => boolean): Promise<readonly Entry[]>
}

export function createEar(broker: Broker): Ear {
  const entries: Entry[] = []
  let check = () => {}
  const when = (isEnough: () => boolean) =>
    new Promise<readonly Entry[]>((resolve, reject) => {
      check = () => {
        if (isEnough()) resolve([...entries])
      }
      failed = reject
      check()
    })
  let failed: (error: unknown) => void = () => {}
  const following = broker.attach({
    onEntry: (entry) => {
      entries.push(entry)
      check()
    },
    onInterrupted: () => {},
    onResumed: () => {},
    onError: (error) => failed(error),
  })
  return {
    following,
    heard: (count) => when(() => entries.length >= count),
    until: (isLast) => when(() => entries.some(isLast)),
  }
}
