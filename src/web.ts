export { publish, sse, type WebHandler, type WebSubscribeOptions } from './adapters/web.ts'
