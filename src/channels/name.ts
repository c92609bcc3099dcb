import { MillraceError, quote } from '../base/errors.ts'

/** Longest channel name in UTF-16 code units, unless the hub sets another limit. */
export const defaultMaxNameLength = 200

/**
 * What a channel name may hold: anything printable, so that URLs can be names too.
 *
 * Not a comma, which separates names in a query and in the `channel:` field; not white space or control characters, which
 * would end a field of the stream; not `{`, `}` or `*`, which are pattern syntax and would make a name look like one.
 */
const nameCharacters = /^[^\s,{}*\p{C}]+$/u

/** @throws {MillraceError} `channel_invalid` */
export function assertChannelName(name: unknown, maxLength = defaultMaxNameLength): asserts name is string {
  if (typeof name !== 'string' || name === '') {
    throw new MillraceError('channel_invalid', `A channel is named by a non-empty string, not by ${quote(name)}.`)
  }
  if (name.length > maxLength) {
    throw new MillraceError(
      'channel_invalid',
      `The channel name ${quote(name)} has ${name.length} characters; at most ${maxLength} are allowed.`,
      {
        data: { limit: maxLength },
      },
    )
  }
  if (!nameCharacters.test(name)) {
    throw new MillraceError(
      'channel_invalid',
      `The channel name ${quote(name)} holds white space, a control character, a comma, or one of { } *. Leave these out.`,
    )
  }
}
