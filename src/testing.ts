export {
  type BrokerContractOptions,
  type BrokerUnderTest,
  brokerContract,
  type Test,
} from './testing/broker-contract.ts'
export { connect } from './testing/connect.ts'
export type { DispatchedEvents } from './testing/dispatched.ts'
export { type FakeEvents, type FakeEventsOptions, fakeEvents, type RunJobsOptions } from './testing/fake-events.ts'
export type { RanJob } from './testing/held-queue.ts'
export type { RunOption } from './testing/interception.ts'
export { type ManualClock, manualClock } from './testing/manual-clock.ts'
export { type MillraceMatchers, millraceMatchers } from './testing/matchers.ts'
export type { Message, MessageFor, MessageOn } from './testing/message.ts'
export type { DataPattern, Filter } from './testing/pattern.ts'
export type { Published, PublishedMessages } from './testing/published.ts'
export { type QueueContractOptions, type QueueUnderTest, queueContract } from './testing/queue-contract.ts'
export type { JobFilter, QueuedJobs } from './testing/queued.ts'
export { type RecordEventsOptions, type RecordedEvents, recordEvents } from './testing/record-events.ts'
export type { ConnectOptions, TestClient } from './testing/test-client.ts'
export { type TestHub, type TestHubOptions, testHub } from './testing/test-hub.ts'
