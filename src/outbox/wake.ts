import type { TableName } from './table.ts'

/** By the table's number and not its name: two schemas may have tables of one name, and the name of a channel is short. */
const woken = 'millrace_outbox_'
const released = 'millrace_outbox_free_'

/** The expression that wakes the relay at the commit. Text, because some drivers know no void. */
export function wake({ oid }: TableName): string {
  return `pg_notify('${woken}' || ${oid}, '')::text`
}

/** The expression that tells those who stand by that the relay has ended. */
export function tellReleased({ oid }: TableName): string {
  return `pg_notify('${released}' || ${oid}, '')::text`
}

/** On which channel the relay is woken. */
export function wokenOn(oid: string): string {
  return woken + oid
}

/** On which channel those who stand by hear that the relay has ended. */
export function releasedOn(oid: string): string {
  return released + oid
}
