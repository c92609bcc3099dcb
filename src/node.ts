export { type NodeHandler, publish, sse } from './adapters/node.ts'
