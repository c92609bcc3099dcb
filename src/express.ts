/** Express takes the handlers of node:http as they are, with or without a body parser before them. */
export { type NodeHandler, publish, sse } from './adapters/node.ts'
