import type { Entry, Outgoing, PageLimit, Position } from '../port.ts'
import type { Fault } from './fault.ts'

/**
 * What a user of the broker sends to its host, a line of JSON each. Where there is a number, the answer has it too.
 *
 * JSON, because it keeps every string as it is (also half a surrogate pair), costs no more than V8's own format for messages of this
 * kind, and can be read by whoever looks for a fault.
 */
export type Request =
  | readonly ['append', number, Outgoing]
  | readonly ['read', number, Position, readonly string[], PageLimit]
  | readonly ['head', number]
  | readonly ['follow', number, string]
  | readonly ['unfollow', string]

/** What the host sends. */
export type Notice =
  | readonly ['done', number, unknown]
  | readonly ['failed', number, Fault]
  | readonly ['entry', Entry]
  /** From now on entries are missing. */
  | readonly ['interrupted']
  /** From now on none is. */
  | readonly ['resumed']

export function encodeLine(message: Request | Notice): string {
  return JSON.stringify(message)
}

export function decodeLine<Message extends Request | Notice>(line: string): Message {
  return JSON.parse(line) as Message
}
