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

/** Every test of this folder runs on each of these. */
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
