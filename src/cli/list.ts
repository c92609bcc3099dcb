import { globMatcher } from '../base/glob.ts'
import type { ListenerInfo } from '../events/listener.ts'
import type { Application } from './application.ts'
import { exitCodes } from './exit.ts'
import { type LookOptions, look } from './look.ts'
import { paint, print, printable } from './output.ts'

/** Shows the events, listeners and channels of the application. */
export async function list(options: LookOptions): Promise<void> {
  await look(options, async (application) => {
    const found = inventoryOf(application)
    if (options.json) await print(JSON.stringify(found))
    else for (const line of toLines(found)) await print(line)
    return exitCodes.ok
  })
}

/** What an application has, as JSON shows it. */
interface Inventory {
  readonly events: readonly { readonly name: string; readonly listeners: readonly string[] }[]
  readonly listeners: readonly {
    readonly listener: string
    /** Names of events, or a pattern of such. */
    readonly events: string | readonly string[]
    /** Null where it is run by the dispatch itself. */
    readonly queue: { readonly name: string; readonly attempts: number } | null
  }[]
  readonly channels: readonly {
    readonly channel: string
    readonly join: 'everyone' | 'authorize'
    /** Null where it carries anything. */
    readonly events: readonly string[] | null
  }[]
}

function inventoryOf({ events, hub, exports }: Application): Inventory {
  const listeners = events.listeners()
  const channels = hub?.declared ?? []
  const names = new Set([
    ...Object.values(exports)
      .filter(isDefinition)
      .map(({ name }) => name),
    ...listeners.flatMap(({ target }) => (typeof target === 'string' ? [] : target.map(({ name }) => name))),
    ...channels.flatMap((channel) => (channel.events ?? []).map(({ name }) => name)),
  ])
  return {
    events: [...names]
      .sort()
      .map((name) => ({ name, listeners: listeners.filter((one) => hears(one, name)).map(({ label }) => label) })),
    listeners: listeners.map(({ label, target, queue }) => ({
      listener: label,
      events: typeof target === 'string' ? target : target.map(({ name }) => name),
      queue: queue ?? null,
    })),
    channels: channels.map(({ pattern, authorize, events: carried }) => ({
      channel: pattern.text,
      join: authorize === undefined ? 'everyone' : 'authorize',
      events: carried?.map(({ name }) => name) ?? null,
    })),
  }
}

function hears({ target }: ListenerInfo, name: string): boolean {
  return typeof target === 'string' ? globMatcher(target)(name) : target.some((definition) => definition.name === name)
}

/** By shape, for it may come from another copy of this package. */
function isDefinition(value: unknown): value is { readonly name: string } {
  return typeof value === 'function' && 'is' in value && 'schema' in value
}

function toLines({ events, listeners, channels }: Inventory): readonly string[] {
  return [
    ...section(
      'Events',
      events.map(({ name, listeners: own }) => [name, own.length === 0 ? 'nobody listens' : own.join(', ')]),
    ),
    '',
    ...section(
      'Listeners',
      listeners.map(({ listener, events: heard, queue }) => {
        const times = queue?.attempts === 1 ? '1 attempt' : `${queue?.attempts} attempts`
        const run = queue === null ? 'inline' : `queued: ${queue.name}, ${times}`
        return [listener, typeof heard === 'string' ? `any ${heard}` : heard.join(', '), run]
      }),
    ),
    '',
    ...section(
      'Channels',
      channels.map(({ channel, join, events: carried }) => [
        channel,
        join === 'everyone' ? 'everyone may join' : 'authorize says who may join',
        carried === null ? 'anything' : carried.join(', '),
      ]),
    ),
  ]
}

function section(title: string, rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, index) => Math.max(most[index] ?? 0, cell.length)),
    [],
  )
  const lines = rows.map(
    (row) =>
      `  ${printable(
        row
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join('  ')
          .trimEnd(),
      )}`,
  )
  return [paint('bold', title), ...(lines.length === 0 ? [paint('dim', '  none')] : lines)]
}
