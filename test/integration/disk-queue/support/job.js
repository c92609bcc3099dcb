export function jobOf(id, fields = {}) {
  const event = { id, name: 'Order', data: { text: 'x'.repeat(200) }, at: 1_700_000_000_000 }
  return { id, queue: 'default', listener: 'ship', event, delay: 0, attempts: 3, backoff: [0], ...fields }
}
