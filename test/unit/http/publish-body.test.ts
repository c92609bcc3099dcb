import { expect, test } from 'vitest'
import { readPublishBody } from '../../../src/http/publish-body.ts'

test('a body that is nothing but line ends after a brace is refused in no time', async () => {
  const body = `}${'\n'.repeat(1_000_000)}x`
  const request = {
    method: 'POST',
    url: '/publish',
    host: undefined,
    header: () => undefined,
    raw: undefined,
    read: async () => body,
  }
  const start = performance.now()

  await expect(readPublishBody(request, body.length)).rejects.toThrow(/not JSON/)

  expect(performance.now() - start).toBeLessThan(1_000)
})
