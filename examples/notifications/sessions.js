// @ts-check
// Who is signed in: a random number in a cookie, and whose it is. A real application has its own, with passwords.
import { randomBytes } from 'node:crypto'

/** @type {Map<string, string>} */
const sessions = new Map()

/**
 * Signs somebody in.
 *
 * @param {string} user
 * @returns {string} the value of the session's cookie
 */
export function openSession(user) {
  const id = randomBytes(16).toString('hex')
  sessions.set(id, user)
  return id
}

/** @param {string | undefined} cookie The header of that name */
export function userOf(cookie = '') {
  const [, id = ''] = /(?:^|; *)session=([0-9a-f]+)/.exec(cookie) ?? []
  return sessions.get(id)
}
