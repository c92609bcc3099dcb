import { type Attributes, SpanKind } from '@opentelemetry/api'
import type { Deliver, JobAdd, JobOutcome, JobRun, Operations, Publish } from '../base/watched.ts'

/** A span before it begins. */
export interface SpanForm {
  readonly name: string
  readonly kind: SpanKind
  readonly attributes: Attributes
}

type Forms = { readonly [Name in keyof Operations]: (message: Operations[Name], channelNames: boolean) => SpanForm }

/**
 * By OpenTelemetry's conventions for messaging, where something is sent and worked on elsewhere: `<operation> <destination>`. No
 * data, keys or publishers' ids; and nothing but the application's own words in a name, so that there are few.
 */
const forms: Forms = {
  dispatch: ({ event }) => ({
    name: `dispatch ${event.name}`,
    kind: SpanKind.INTERNAL,
    attributes: { 'millrace.event.name': event.name, 'millrace.event.id': event.id },
  }),
  listener: ({ event, listener, attempt }) => ({
    name: `listener ${listener}`,
    kind: SpanKind.INTERNAL,
    attributes: {
      'millrace.listener': listener,
      'millrace.event.name': event.name,
      'millrace.event.id': event.id,
      'millrace.attempt': attempt,
    },
  }),
  'job.add': (job) => ({
    name: `publish ${job.queue}`,
    kind: SpanKind.PRODUCER,
    attributes: { ...operation('publish', 'send'), ...jobAttributes(job) },
  }),
  'job.run': (job) => ({
    name: `process ${job.queue}`,
    kind: SpanKind.CONSUMER,
    attributes: { ...operation('process', 'process'), ...jobAttributes(job), 'millrace.attempt': job.attempt },
  }),
  publish: (message, channelNames) => ({
    name: `publish ${message.patterns.join(',')}`,
    kind: SpanKind.PRODUCER,
    attributes: { ...operation('publish', 'send'), ...channelAttributes(message, channelNames) },
  }),
}

export function toSpan<Name extends keyof Operations>(
  name: Name,
  message: Operations[Name],
  channelNames: boolean,
): SpanForm {
  return forms[name](message, channelNames)
}

export function deliverSpan(message: Deliver, channelNames: boolean): SpanForm {
  return {
    name: `deliver ${message.patterns.join(',')}`,
    kind: SpanKind.CONSUMER,
    attributes: {
      ...operation('deliver', 'process'),
      ...channelAttributes(message, channelNames),
      ...positionAttributes(message.position),
      'millrace.subscribers': message.subscribers,
    },
  }
}

/** What is known only when it has ended. */
export function resultAttributes(name: keyof Operations, result: unknown): Attributes {
  if (name === 'publish') return positionAttributes(result)
  if (name === 'job.run') return { 'millrace.outcome': (result as JobOutcome).kind }
  return {}
}

function operation(name: string, type: 'send' | 'process'): Attributes {
  return { 'messaging.system': 'millrace', 'messaging.operation.name': name, 'messaging.operation.type': type }
}

function jobAttributes({ event, listener, queue, job }: JobAdd | JobRun): Attributes {
  return {
    'messaging.destination.name': queue,
    'messaging.message.id': job,
    'millrace.listener': listener,
    'millrace.event.name': event.name,
    'millrace.event.id': event.id,
  }
}

function channelAttributes({ channels, patterns, event }: Publish | Deliver, channelNames: boolean): Attributes {
  return {
    'messaging.destination.template': patterns.join(','),
    ...(channelNames ? { 'messaging.destination.name': channels.join(',') } : {}),
    ...(event === undefined ? {} : { 'millrace.event.name': event }),
  }
}

/** A message that no channel keeps has none. */
function positionAttributes(position: unknown): Attributes {
  return typeof position === 'string' ? { 'messaging.message.id': position } : {}
}
