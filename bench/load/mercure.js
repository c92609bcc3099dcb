// @ts-check
import { createHmac } from 'node:crypto'

/** No secret: the hub that has it is started for a measurement, on the loopback. */
export const mercureKey = 'a-key-that-is-as-long-as-a-key-has-to-be-for-this'

/** A token that may publish on everything. */
export function mercureToken() {
  const toPart = (/** @type {object} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${toPart({ alg: 'HS256', typ: 'JWT' })}.${toPart({ mercure: { publish: ['*'] } })}`
  return `${text}.${createHmac('sha256', mercureKey).update(text).digest('base64url')}`
}
