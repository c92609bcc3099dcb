// @ts-check
import { fileURLToPath } from 'node:url'
import { firstLine, start } from '../harness/child.js'

/**
 * A server in Node that prints a line of JSON with its `url` once it listens.
 *
 * @param {string} file beside this one
 * @param {readonly string[]} args
 * @param {import('./servers.js').StartOptions} options
 * @returns {Promise<import('./servers.js').Started>}
 */
export async function startNode(file, args, { nodeFlags }) {
  const child = await start(process.execPath, [...nodeFlags, fileURLToPath(new URL(file, import.meta.url)), ...args])
  try {
    return { url: await firstLine(child, 'url'), child, stop: child.stop }
  } catch (error) {
    await child.stop()
    throw error
  }
}
