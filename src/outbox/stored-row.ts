import { MillraceError, quote } from '../base/errors.ts'
import type { StoredEvent } from '../queue/job.ts'
import type { OutboxRow } from './session.ts'

/**
 * The stored event of a row, which somebody may have written by hand.
 *
 * @throws {MillraceError} `job_invalid`
 */
export function parseRow({ id, event }: OutboxRow): StoredEvent {
  const value: unknown = JSON.parse(event)
  if (isStored(value)) return value
  const message = `Row ${id} of the outbox holds no event: ${quote(value)} has no id, name or time. Write rows with outbox().`
  throw new MillraceError('job_invalid', message)
}

function isStored(value: unknown): value is StoredEvent {
  if (typeof value !== 'object' || value === null) return false
  const { id, name, at } = value as Partial<Record<keyof StoredEvent, unknown>>
  return typeof id === 'string' && typeof name === 'string' && typeof at === 'number'
}
