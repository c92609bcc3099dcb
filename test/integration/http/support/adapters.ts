import type { Adapter } from './adapter.ts'
import { startDirect } from './direct.ts'
import {
  startBehindNginx,
  startExpress,
  startFastify,
  startFront,
  startGrownExpress,
  startHono,
  startNode,
} from './http1.ts'
import { startHttp2 } from './http2.ts'

/** Every test of this folder runs on each of these. Their `fetch` asks for streams as they are, unless it is told otherwise. */
export const adapters: readonly Adapter[] = [
  { name: 'node:http', start: startNode, isHttp1: true },
  { name: 'the standalone hub', start: startFront, isHttp1: true, hasCors: true },
  { name: 'node:http behind nginx', start: startBehindNginx, isHttp1: true, isProxied: true },
  { name: 'node:http2', start: startHttp2, isHttp1: false },
  { name: 'Express', start: startExpress, isHttp1: true },
  {
    name: 'Express with compression, CORS, express.json and a router',
    start: startGrownExpress,
    isHttp1: true,
    parsesBodies: true,
    hasCors: true,
  },
  { name: 'Fastify with CORS and a prefix', start: startFastify, isHttp1: true, hasCors: true },
  { name: 'Hono on node:http with CORS', start: startHono, isHttp1: true, hasCors: true },
  { name: 'a fetch handler', start: startDirect, isHttp1: false },
]

/** Those of streams run on these too, where every stream comes compressed. A bare socket would not understand it. */
export const streaming: readonly Adapter[] = [
  ...adapters,
  ...adapters.map((adapter) => ({ ...adapter, name: `${adapter.name} and gzip`, isHttp1: false, isCompressed: true })),
]

/** For tests that take long: compressed over one adapter only, because what compresses is the same in all of them. */
export const streamingLong: readonly Adapter[] = streaming.filter(
  ({ name, isCompressed }) => !isCompressed || name.startsWith('node:http and'),
)
