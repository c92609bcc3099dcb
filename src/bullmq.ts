export { type BullmqConnection, type BullmqOptions, bullmq } from './queue/bullmq/bullmq.ts'
