// @ts-check
// What any small web server needs and this example is not about: files, bodies, and an address.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'

/**
 * @typedef {import('node:http').IncomingMessage} Request
 * @typedef {import('node:http').ServerResponse} Response
 */

/** @type {Readonly<Record<string, readonly [file: string, type: string]>>} */
const files = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/app.js': ['app.js', 'text/javascript; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
}

const headers = {
  'cache-control': 'no-cache',
  // Nothing from elsewhere, nothing inline: text that somebody wrote has no way of becoming code.
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** Longest body in bytes: a message of 2,000 characters, each of them escaped, and the names beside it. */
const longestBody = 32 * 1024

/** A request that is answered with a status and a reason. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} reason
   */
  constructor(status, reason) {
    super(reason)
    this.status = status
  }
}

/**
 * Answers with a file of the page.
 *
 * @param {string} path
 * @param {Request} request
 * @param {Response} response
 */
export async function page(path, { method }, response) {
  const [file, type] = (Object.hasOwn(files, path) && files[path]) || []
  if (file === undefined) return void response.writeHead(404, headers).end('There is nothing here.')
  if (method !== 'GET' && method !== 'HEAD') {
    return void response.writeHead(405, { ...headers, allow: 'GET, HEAD' }).end('Only GET and HEAD.')
  }
  const body = await readFile(new URL(file, import.meta.url))
  response.writeHead(200, { ...headers, 'content-type': type, 'content-length': body.length })
  response.end(method === 'HEAD' ? undefined : body)
}

/**
 * The object in the body of a POST. Its members may be anything.
 *
 * @param {Request} request
 * @returns {Promise<any>}
 */
export async function readJson(request) {
  if (request.method !== 'POST') throw new Refusal(405, 'Only POST.')
  // A page of another site can send a form or plain text without asking, but not this.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) throw new Refusal(415, 'Only JSON.')
  let body = ''
  request.setEncoding('utf8')
  let size = 0
  for await (const chunk of request) {
    size += Buffer.byteLength(chunk)
    // Read to its end all the same: who still sends when the answer comes may never see it.
    if (size <= longestBody) body += chunk
  }
  if (size > longestBody) throw new Refusal(413, `At most ${longestBody} bytes.`)
  try {
    const value = JSON.parse(body)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Answered below.
  }
  throw new Refusal(400, 'The body is not a JSON object.')
}

/**
 * Listens on one address; for `localhost` on both that it stands for, because browsers may try either first.
 *
 * @param {number} port
 * @param {string} host
 * @param {(request: Request, response: Response) => void} handler
 */
export async function listen(port, host, handler) {
  const servers = []
  for (const address of host === 'localhost' ? ['127.0.0.1', '::1'] : [host]) {
    const server = createServer(handler).listen(port, address)
    try {
      await once(server, 'listening')
      servers.push(server)
    } catch (error) {
      // Some machines have no IPv6.
      const { code = '' } = /** @type {NodeJS.ErrnoException} */ (error)
      if (address !== '::1' || host === address || !['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(code)) throw error
    }
  }
  console.log(`The chat is at http://${host.includes(':') ? `[${host}]` : host}:${port}`)
  return servers
}
