import { type ErrorCode, MillraceError, messageOf } from '../base/errors.ts'
import { paint, printable, printError } from './output.ts'

/** What the command says to the shell. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const

/** Faults in what was typed, as against what came of it. */
const usage: readonly ErrorCode[] = ['channel_conflict', 'option_invalid', 'pattern_invalid']

/** Tells of an error on stderr, and with which code to exit. A stack is for errors that nobody expected. */
export function report(error: unknown, isJson = false): number {
  const isOurs = error instanceof MillraceError
  if (isJson) {
    const code = isOurs ? error.code : 'internal'
    const message = messageOf(error)
    printError(JSON.stringify({ event: 'error', code, message }))
  } else if (isOurs) {
    const code = paint('dim', `(${error.code})`, process.stderr)
    printError(`${paint('red', 'error:', process.stderr)} ${printable(error.message)} ${code}`)
  } else {
    printError(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  return isOurs && usage.includes(error.code) ? exitCodes.usage : exitCodes.failed
}
