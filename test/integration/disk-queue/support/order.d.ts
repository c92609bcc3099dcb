import type { EventDefinition } from '../../../../src/events/define.ts'

/** What is ordered in these tests. */
export const Order: EventDefinition<'Order', { readonly number: number }>
