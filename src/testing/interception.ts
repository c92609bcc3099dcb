import type { Events } from '../events/api.ts'
import { Buffer } from '../events/buffer.ts'
import { type AnyEventDefinition, type Event, isEvent } from '../events/define.ts'
import { fromStored } from '../events/stored.ts'
import type { StoredEvent } from '../queue/job.ts'

/** Whose listeners run: everybody's, nobody's, or those of these events. */
export type RunOption = boolean | readonly AnyEventDefinition[] | ((event: Event) => boolean)

/** What stands between those who dispatch and an `Events`: it writes down what is dispatched, and lets through what is to run. */
export type Interception = Pick<Events, 'dispatch' | 'dispatchStored' | 'buffer'>

/**
 * Puts `record` before `events`. What is dispatched within a buffer counts when the buffer's work has succeeded, and where it fails, not
 * at all.
 */
export function intercept(events: Events, record: (event: Event) => void, run: RunOption): Interception {
  // As they are now: what is given back may be put in their place.
  const [dispatch, dispatchStored, buffer] = [
    events.dispatch.bind(events),
    events.dispatchStored.bind(events),
    events.buffer.bind(events),
  ]
  const runs = toTest(run)
  const held = new Buffer()

  const give = async (event: Event) => {
    record(event)
    if (runs(event)) await dispatch(event)
  }

  return {
    async dispatch(event) {
      // To be refused.
      if (!isEvent(event)) await dispatch(event)
      else if (!held.take(event)) await give(event)
    },
    async dispatchStored(stored) {
      const event = fromStored(stored, schemaOf(events, stored))
      record(event)
      if (runs(event)) await dispatchStored(stored)
    },
    // Within one of its own: what is let through waits there, so that failures are told as they are without this.
    buffer: (work) =>
      buffer(() =>
        held.hold(work, async (released) => {
          for (const event of released) await give(event)
        }),
      ),
  }
}

function toTest(run: RunOption): (event: Event) => boolean {
  if (typeof run === 'boolean') return () => run
  return typeof run === 'function' ? run : (event) => run.some((definition) => definition.is(event))
}

/** By which the listeners know it. */
function schemaOf(events: Events, { name }: StoredEvent) {
  for (const { target } of events.listeners()) {
    const definition = typeof target === 'string' ? undefined : target.find((one) => one.name === name)
    if (definition?.schema !== undefined) return definition.schema
  }
  return undefined
}
