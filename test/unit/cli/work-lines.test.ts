import { expect, test } from 'vitest'
import { toServed, toUnserved } from '../../../src/cli/work-lines.ts'
import { createEvents } from '../../../src/events/dispatch.ts'

test('a worker tells of jobs whose listener is gone, and not of those that it leaves to others', () => {
  const events = createEvents({ work: false })
  events.listen('*', () => {}, { id: 'send-mail', queue: { name: 'mail' } })
  events.listen('*', () => {}, { id: 'resize', queue: { name: 'images' } })
  const counts = ['mail', 'images', 'old'].map((queue) => ({ queue, waiting: 1, delayed: 0, running: 0, failed: 0 }))

  expect(toUnserved(counts, toServed(events.listeners(), ['mail']), events.listeners())).toEqual(['old'])
  expect(toUnserved(counts, toServed(events.listeners(), ['old']), events.listeners())).toEqual([])
})
