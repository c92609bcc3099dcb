// @ts-check
// The application module: `millrace work`, `failed` and `list` import it, so it starts nothing that listens.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createEvents, createHub, memory } from 'millrace'
import { diskQueue } from 'millrace/disk'
import { users } from './contract.js'
import { listen } from './listeners.js'
import { outboxMailer } from './mailer.js'

const { REDIS_URL, DATA = fileURLToPath(new URL('data', import.meta.url)), WORK = 'yes' } = process.env

const broker = REDIS_URL ? (await import('millrace/redis')).redis(REDIS_URL) : memory()

export const hub = createHub({ channels: [users], broker, retry: 1000 })
export const events = createEvents({ queue: diskQueue(join(DATA, 'queue')), work: WORK !== 'no' })

listen(events, hub, outboxMailer(join(DATA, 'outbox')))
