import { MillraceError } from '../base/errors.ts'

/** Longest line, in UTF-16 code units: what a hub takes as one message. */
const maxLine = 1024 * 1024

/**
 * The lines of a text, without empty ones: those that came together, together. So what comes slowly can be sent at once, and what
 * comes fast in bulk, and no more is held than a chunk and a line.
 *
 * @throws {MillraceError} `body_too_large`
 */
export async function* readLines(input: AsyncIterable<string>): AsyncGenerator<readonly string[], void, void> {
  let rest = ''
  for await (const chunk of input) {
    const lines = (rest + chunk).split(/\r?\n/)
    rest = lines.pop() ?? ''
    if (rest.length > maxLine) {
      throw new MillraceError('body_too_large', `A line of the input has more than ${maxLine} characters.`, {
        data: { limit: maxLine },
      })
    }
    const full = lines.filter((line) => line !== '')
    if (full.length > 0) yield full
  }
  if (rest !== '') yield [rest]
}
