export type { Clock } from './base/clock.ts'
export { type ErrorCode, MillraceError, type OnError } from './base/errors.ts'
export type { Schema } from './base/schema.ts'
export type { Diagnostics } from './base/watched.ts'
export { type MemoryOptions, memory } from './broker/memory/memory.ts'
export type { Broker, Position } from './broker/port.ts'
export type { History, Retention } from './broker/retention.ts'
export type { Authorize, Joining, JoinRequest } from './channels/authorize.ts'
export {
  type Channel,
  type ChannelName,
  type ChannelOptions,
  defineChannel,
  type MessageOf,
} from './channels/define.ts'
export type { SlowPolicy } from './channels/slow.ts'
export type { CloseEventsOptions, Events, EventsOptions } from './events/api.ts'
export { defineEvent, type Event, type EventDefinition, type EventOf, isEvent } from './events/define.ts'
export { createEvents } from './events/dispatch.ts'
export { DispatchError, type ListenerFailure } from './events/dispatch-error.ts'
export type {
  JobContext,
  Listener,
  ListenerContext,
  ListenerInfo,
  ListenOptions,
  QueuedListener,
} from './events/listener.ts'
export type { QueueOptions } from './events/queueing.ts'
export type { WorkOptions } from './events/work.ts'
export type { CloseOptions, Hub, HubOptions } from './hub/api.ts'
export { createHub } from './hub/hub.ts'
export type { Limits } from './hub/limits.ts'
export type { Publication, PublishOptions } from './hub/message.ts'
export type { FailedJob, FailedJobs, FailedSelection, JobError } from './queue/failed.ts'
export type { Job, StoredEvent } from './queue/job.ts'
export { type MemoryQueueOptions, memoryQueue } from './queue/memory.ts'
export type { JobHandler, Outcome, Queue, QueueCounts } from './queue/port.ts'
