import type { Position } from '../broker/port.ts'
import { defineChannel } from '../channels/define.ts'
import { createHub } from '../hub/hub.ts'
import type { Publication } from '../hub/message.ts'
import { openRedis } from '../server/broker.ts'
import { report } from './exit.ts'
import { hubUrl, toError, unreachable } from './remote.ts'

/** Takes messages to a hub, or past it to the broker. */
export interface Publisher {
  /** Resolves with the positions, in order; all are checked before the first is published. */
  publish(messages: readonly Publication[]): Promise<readonly (Position | null)[]>
  close(): Promise<void>
}

/**
 * Through `POST /publish` of the hub at `base`.
 *
 * @param wait How long the hub is to wait for its broker, in ms; HTTP says it in whole seconds.
 * @throws {MillraceError} `option_invalid`
 */
export function toHub(base: string, wait?: number): Publisher {
  const url = hubUrl(base, '/publish')
  return {
    async publish(messages) {
      const isOne = messages.length === 1
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': isOne ? 'application/json' : 'application/x-ndjson',
          ...(wait === undefined ? {} : { prefer: `wait=${Math.ceil(wait / 1_000)}` }),
        },
        body: messages.map(toJson).join('\n'),
      }).catch((error: unknown) => {
        throw unreachable(url, error)
      })
      if (!response.ok) throw await toError(response)
      const answer = (await response.json()) as { id: Position | null } | { ids: (Position | null)[] }
      return 'ids' in answer ? answer.ids : [answer.id]
    },
    close: () => Promise.resolve(),
  }
}

/** Through Redis, with no hub in between: whoever has the URL may publish anything. */
export async function toRedis(url: string, history: number | undefined, isJson: boolean): Promise<Publisher> {
  const onError = (error: unknown) => void report(error, isJson)
  const hub = createHub({
    channels: [defineChannel('*')],
    broker: await openRedis(url, { onError }),
    onError,
    ...(history === undefined ? {} : { history }),
  })
  return { publish: (messages) => hub.publishAll(messages), close: () => hub.close() }
}

/** As a hub takes it; what it is to wait is not of the message. */
export function toJson({ channel, message, wait: _, ...options }: Publication): string {
  return JSON.stringify({ [typeof channel === 'string' ? 'channel' : 'channels']: channel, data: message, ...options })
}
