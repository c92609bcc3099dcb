import { MillraceError, quote } from '../base/errors.ts'

/**
 * Whether a name fits `pattern`, in which `*` stands for any characters, or none; the whole name must fit.
 *
 * Taken apart once and matched by search, in time linear in the name: as a regular expression, a pattern with several
 * stars would try every split.
 *
 * @throws {MillraceError} `pattern_invalid` for one that is empty or no string.
 */
export function nameMatcher(pattern: string): (name: string) => boolean {
  if (typeof pattern !== 'string' || pattern === '') {
    throw new MillraceError(
      'pattern_invalid',
      `A pattern of event names must be a string such as 'Order*', not ${quote(pattern)}. Did you mean '*', any event?`,
    )
  }
  const [head = '', ...rest] = pattern.split('*')
  const tail = rest.pop()
  if (tail === undefined) return (name) => name === pattern
  return (name) => {
    if (name.length < head.length + tail.length || !name.startsWith(head) || !name.endsWith(tail)) return false
    let from = head.length
    const end = name.length - tail.length
    for (const part of rest) {
      const at = name.indexOf(part, from)
      if (at === -1 || at + part.length > end) return false
      from = at + part.length
    }
    return true
  }
}
