export { type MillraceOptions, millrace, millrace as default } from './adapters/fastify.ts'
