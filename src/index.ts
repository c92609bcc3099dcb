export type { Clock } from './base/clock.ts'
export { type ErrorCode, MillraceError, type OnError } from './base/errors.ts'
export type { Schema } from './base/schema.ts'
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
export { defineEvent, type Event, type EventDefinition, type EventOf, isEvent } from './events/define.ts'
export { createEvents, type Events, type EventsOptions } from './events/dispatch.ts'
export { DispatchError, type ListenerFailure } from './events/dispatch-error.ts'
export type { Listener, ListenOptions } from './events/listener.ts'
export type { CloseOptions, Hub, HubOptions } from './hub/api.ts'
export { createHub } from './hub/hub.ts'
export type { Limits } from './hub/limits.ts'
export type { Publication, PublishOptions } from './hub/message.ts'
export { type MemoryQueueOptions, memoryQueue } from './queue/memory.ts'
export type { Queue, QueueOptions } from './queue/port.ts'
