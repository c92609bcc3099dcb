import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type DiskOptions, disk } from '../../../../src/broker/disk/disk.ts'
import type { Broker, Entry, Outgoing, Position } from '../../../../src/broker/port.ts'
import { defaultRetention, type Retention } from '../../../../src/broker/retention.ts'

/** A directory that is removed with the test. */
export async function createDirectory(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-disk-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** A broker that is closed with the test, if not before. */
export function openDisk(dir: string, options: DiskOptions = {}): Broker {
  const broker = disk(dir, options)
  onTestFinished(() => broker.close())
  return broker
}

export function to(channel: string | readonly string[], data: string, kept: Partial<Retention> = {}): Outgoing {
  const channels = typeof channel === 'string' ? [channel] : channel
  return { channels, data, retention: channels.map(() => ({ ...defaultRetention, ...kept })) }
}

/** All that is kept of the channels, page by page, from the beginning; it tells of no gap. */
export async function* readAll(broker: Broker, channels: readonly string[], from?: Position): AsyncGenerator<Entry> {
  let cursor = from ?? broker.at(0)
  for (;;) {
    const page = await broker.read(cursor, channels, { entries: 100, bytes: 256 * 1024 })
    if (page.gaps.length > 0) throw new Error(`A gap: ${JSON.stringify(page.gaps)}`)
    yield* page.entries
    if (page.done) return
    cursor = page.next
  }
}
