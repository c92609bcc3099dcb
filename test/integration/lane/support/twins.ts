import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { answer } from '../../../../src/adapters/node-answer.ts'
import { fromNode } from '../../../../src/adapters/node-request.ts'
import { defineChannel } from '../../../../src/channels/define.ts'
import type { Hub } from '../../../../src/hub/api.ts'
import { createHub } from '../../../../src/hub/hub.ts'
import { createFront } from '../../../../src/server/front.ts'
import { PlainRequest } from '../../../../src/server/plain-request.ts'
import { createRoutes } from '../../../../src/server/routes.ts'
import { join as joinHub } from '../../../support/reader.ts'
import { type Answer, badRequest, readAnswers } from './answers.ts'

/** The same routes of one hub twice: with the lane before Node's server, and without it. */
export interface Twins {
  readonly hub: Hub
  /** Requests that the lane has taken. */
  readonly taken: number
  /** Fails unless both give the same answer to these bytes, sent piece by piece; and to a message that is published afterwards. */
  compare(pieces: readonly Buffer[]): Promise<void>
  close(): Promise<void>
}

export const origin = 'https://app.example'

/** How long both may take to say the same. */
const patience = 5_000

export async function startTwins(): Promise<Twins> {
  const errors: unknown[] = []
  const onError = (error: unknown) => void errors.push(error)
  const hub = createHub({ channels: [defineChannel('a'), defineChannel('rooms.{room}')], onError })
  // One who stays: a hub that follows nobody's channel does not know its head, and would ask for it in between.
  await joinHub(hub, { channels: ['a'] })
  const state = { onError, isDraining: () => false }
  const routes = createRoutes({ hub, dev: true, cors: [origin], ...state })
  const front = createFront(routes, state)
  const plain = createServer({ keepAliveTimeout: front.http.keepAliveTimeout }, async (request, response) =>
    answer(response, await routes(fromNode(request))),
  )
  // Sockets of the file system: what is written there can be read at once, so that turns of the event loop can be counted on.
  const dir = await mkdtemp(join(tmpdir(), 'millrace-lane-'))
  const listen = async (server: Server, name: string) => {
    server.listen(join(dir, name))
    await once(server, 'listening')
    return join(dir, name)
  }
  const paths = [await listen(front.http, 'lane'), await listen(plain, 'plain')] as const
  let taken = 0
  let published = 0

  return {
    hub,
    get taken() {
      return taken
    },
    async compare(pieces) {
      const [first = Buffer.alloc(0)] = pieces
      const isTaken = PlainRequest.from(first) !== undefined
      if (isTaken) taken++
      const [ours, theirs] = [await dial(paths[0]), await dial(paths[1])]
      for (const [index, piece] of pieces.entries()) {
        ours.socket.write(piece)
        // Behind a request that ends its connection nothing is read. Node's server does look, and cuts what it cannot read.
        if (!isTaken || index === 0) theirs.socket.write(piece)
        if (isTaken && index === 0) await until(() => ours.text !== '')
        await turns(4)
      }
      await untilSame(ours, theirs, isTaken)
      await hub.publish('a', `message ${published++}`)
      await untilSame(ours, theirs, isTaken)
      for (const { socket } of [ours, theirs]) socket.destroy()
      await until(() => hub.subscribers === 1)
      expect(errors).toEqual([])
    },
    async close() {
      front.cutAll()
      plain.closeAllConnections()
      await Promise.all([front.http, plain].map((server) => new Promise((resolve) => server.close(resolve))))
      await hub.close()
      await rm(dir, { recursive: true })
    },
  }
}

interface Client {
  readonly socket: Socket
  /** What has come, as latin1. */
  readonly text: string
  readonly isClosed: boolean
}

async function dial(path: string): Promise<Client> {
  const socket = connect(path)
  await once(socket, 'connect')
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  // A server may cut it off while it sends.
  socket.on('error', () => {})
  return {
    socket,
    get text() {
      return text
    },
    get isClosed() {
      return socket.closed
    },
  }
}

/** Resolves when both have been sent the same for some turns, and fails when that takes too long. */
async function untilSame(ours: Client, theirs: Client, isTaken: boolean): Promise<void> {
  const end = performance.now() + patience
  let quiet = 0
  let before = ''
  while (quiet < 3) {
    await turns(4)
    const now = `${ours.text}\0${theirs.text}`
    quiet = now === before && isSame(ours, theirs, isTaken) ? quiet + 1 : 0
    before = now
    if (performance.now() > end) {
      expect(shown(ours)).toEqual(shown(theirs))
      throw new Error('They never came to rest.')
    }
  }
}

/**
 * What is malformed behind a request is answered with 400, if the answer to that request has not begun: which of the two comes first is,
 * in Node, a matter of when microtasks run, and they do not where bytes were put back. So, where the lane has taken nothing, 400 at the end is
 * as good as other answers.
 */
function isSame(ours: Client, theirs: Client, isTaken: boolean): boolean {
  const [a, b] = [shown(ours), shown(theirs)]
  if (isDeepStrictEqual(a, b)) return true
  if (isTaken || !a.isClosed || !b.isClosed) return false
  return isCutShort(a.answers, b.answers) || isCutShort(b.answers, a.answers)
}

function isCutShort(answers: readonly Answer[], others: readonly Answer[]): boolean {
  const before = answers.slice(0, -1)
  return isDeepStrictEqual(answers.at(-1), badRequest) && isDeepStrictEqual(before, others.slice(0, before.length))
}

function shown({ text, isClosed }: Client): { answers: readonly Answer[]; isClosed: boolean } {
  return { answers: readAnswers(text), isClosed }
}

async function until(isThere: () => boolean): Promise<void> {
  const end = performance.now() + patience
  while (!isThere()) {
    await turns(1)
    if (performance.now() > end) throw new Error(`Waited ${patience} ms for ${isThere}`)
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
