// @ts-check
import { centrifugo } from './centrifugo.js'
import { betterSse, fastifySse, hono, plain, recipe, transmit } from './libraries.js'
import { mercure } from './mercure.js'
import { embedded, serve } from './millrace.js'
import { nchan } from './nchan.js'
import { pushpin } from './pushpin.js'

/**
 * A server that is measured.
 *
 * @typedef {object} Server
 * @property {() => string | undefined} missing what is to be done before it can be started
 * @property {Partial<Record<'several' | 'resume', string>>} [cannot] why not, where it cannot do what a scenario needs
 * @property {(options: StartOptions) => Promise<Started>} start resolves when it listens
 * @property {(channels: readonly string[]) => string} path of a stream
 * @property {import('../load/ways.js').HttpWay} way how it is published to, where nothing else is said
 * @property {boolean} exact it promises every message, once and in order: without that the run has failed
 *
 * @typedef {object} StartOptions
 * @property {string | undefined} redis
 * @property {readonly string[]} nodeFlags for servers in Node
 *
 * @typedef {object} Started
 * @property {string} url
 * @property {string} [publishUrl] where it is published to, if that is elsewhere
 * @property {import('../harness/child.js').Child} child
 * @property {() => Promise<void>} stop
 */

const all = {
  nchan,
  pushpin,
  mercure,
  centrifugo,
  serve,
  embedded,
  'node:http': plain,
  'better-sse': betterSse,
  '@boringnode/transmit': transmit,
  '@fastify/sse': fastifySse,
  hono,
  recipe,
}

/** @typedef {keyof typeof all} ServerName */

/** @type {Readonly<Record<ServerName, Server>>} */
export const servers = all
