import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { redis } from '../../../src/broker/redis/redis.ts'

test('an address where nobody answers is tried again less and less often, and not more and more', async () => {
  let attempts = 0
  const deaf = createServer((socket: Socket) => {
    attempts++
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(deaf, 'listening')
  const broker = redis(`redis://127.0.0.1:${(deaf.address() as AddressInfo).port}`, { onError: () => {} })
  await delay(4_000)
  // At least 25, 50, 100, 200, 400 and then 500 ms lie between two.
  expect(attempts).toBeGreaterThan(3)
  expect(attempts).toBeLessThanOrEqual(12)
  await broker.close()
  deaf.close()
})
