import type { AnyEventDefinition, Event, EventOf } from '../events/define.ts'
import { assertFound, assertNotFound, countOf, type Finding, show, showFilter } from './finding.ts'
import { type AnyFilter, type Filter, isMeant } from './pattern.ts'

/** What was dispatched, in order, to be asked. A filter is a function, or what the data looks like. */
export interface DispatchedEvents {
  /** Everything. */
  dispatched(): readonly Event[]
  /** The events of one definition. */
  dispatched<Definition extends AnyEventDefinition>(
    definition: Definition,
    filter?: Filter<EventOf<Definition>>,
  ): readonly EventOf<Definition>[]
  /** @throws {AssertionError} that lists what was dispatched instead */
  assertDispatched<Definition extends AnyEventDefinition>(
    definition: Definition,
    filter?: Filter<EventOf<Definition>>,
  ): void
  /** That it was dispatched so often, no more and no less. @throws {AssertionError} */
  assertDispatchedTimes<Definition extends AnyEventDefinition>(
    definition: Definition,
    times: number,
    filter?: Filter<EventOf<Definition>>,
  ): void
  /** @throws {AssertionError} */
  assertNotDispatched<Definition extends AnyEventDefinition>(
    definition: Definition,
    filter?: Filter<EventOf<Definition>>,
  ): void
  /** @throws {AssertionError} */
  assertNothingDispatched(): void
}

export function dispatchedIn(all: readonly Event[]): DispatchedEvents {
  const find = (definition: AnyEventDefinition, filter: AnyFilter) =>
    all.filter((event) => definition.is(event) && isMeant(event, filter))
  return {
    dispatched: ((definition?: AnyEventDefinition, filter?: AnyFilter) =>
      definition === undefined ? [...all] : find(definition, filter)) as DispatchedEvents['dispatched'],
    assertDispatched: (definition, filter) => assertFound(findDispatched(all, definition, filter)),
    assertDispatchedTimes: (definition, times, filter) =>
      assertFound(findDispatchedTimes(all, definition, times, filter)),
    assertNotDispatched: (definition, filter) => assertNotFound(findDispatched(all, definition, filter)),
    assertNothingDispatched: () => assertNotFound(findAnything(all)),
  }
}

export function findDispatched(all: readonly Event[], definition: AnyEventDefinition, filter: AnyFilter): Finding {
  return {
    isFound: all.some((event) => definition.is(event) && isMeant(event, filter)),
    subject: definition.name,
    expected: `to have been dispatched${showFilter(filter)}`,
    ...there(all),
  }
}

export function findDispatchedTimes(
  all: readonly Event[],
  definition: AnyEventDefinition,
  wanted: number,
  filter: AnyFilter,
): Finding {
  const times = all.filter((event) => definition.is(event) && isMeant(event, filter)).length
  return {
    isFound: times === wanted,
    subject: definition.name,
    expected: `to have been dispatched ${countOf(wanted)}${showFilter(filter)}`,
    times,
    ...there(all),
  }
}

function findAnything(all: readonly Event[]): Finding {
  return { isFound: all.length > 0, subject: 'any event', expected: 'to have been dispatched', ...there(all) }
}

function there(all: readonly Event[]): Pick<Finding, 'title' | 'there'> {
  return { title: 'Dispatched', there: all.map(({ name, data }) => show(name, data)) }
}
