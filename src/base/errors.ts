/**
 * Every fault that Millrace reports, by its stable code.
 *
 * A code never changes its meaning; `docs/errors.md` explains each one and a test fails if one is missing there.
 * The number is the HTTP status with which the fault is answered when it reaches a client.
 */
export const errorCodes = {
  address_unavailable: 500,
  application_failed: 500,
  application_invalid: 500,
  application_missing: 500,
  authorize_failed: 500,
  authorize_timeout: 503,
  body_invalid: 400,
  body_too_large: 413,
  broker_closed: 503,
  broker_unavailable: 503,
  buffer_full: 500,
  channel_conflict: 500,
  channel_forbidden: 403,
  channel_invalid: 400,
  channel_unknown: 403,
  channels_missing: 400,
  channels_too_many: 400,
  config_invalid: 500,
  config_missing: 500,
  content_type_unsupported: 415,
  cursor_invalid: 400,
  data_incompatible: 500,
  data_invalid: 422,
  data_locked: 500,
  data_unavailable: 500,
  dependency_missing: 500,
  event_invalid: 400,
  event_undeclared: 422,
  event_unknown: 500,
  events_closed: 503,
  field_invalid: 400,
  file_exists: 500,
  host_forbidden: 403,
  hub_closed: 503,
  hub_full: 503,
  hub_unreachable: 502,
  internal: 500,
  job_expired: 500,
  job_interrupted: 500,
  job_invalid: 500,
  job_kept: 409,
  job_unknown: 404,
  listener_failed: 500,
  listener_invalid: 500,
  listener_timeout: 500,
  listener_unknown: 500,
  lock_lost: 500,
  message_invalid: 400,
  messages_too_many: 413,
  method_not_allowed: 405,
  not_found: 404,
  option_invalid: 500,
  outbox_failed: 500,
  outbox_held: 503,
  outbox_unavailable: 503,
  pattern_invalid: 500,
  project_unsupported: 500,
  publish_forbidden: 403,
  queue_closed: 503,
  queue_full: 503,
  queue_unavailable: 503,
  reader_slow: 503,
  replicas_too_few: 503,
  schema_asynchronous: 500,
  stream_invalid: 502,
  worker_died: 500,
  worker_stopped: 503,
} as const

export type ErrorCode = keyof typeof errorCodes

export interface MillraceErrorOptions {
  /** What made it fail. */
  readonly cause?: unknown
  /** Values that a program may want to act on, such as the limit that was passed. JSON only; never a secret. */
  readonly data?: Readonly<Record<string, unknown>>
}

/**
 * The one base class of everything Millrace throws on purpose.
 *
 * The message says what happened, with which value, and what to do about it; act on `code`, show `message`.
 */
export class MillraceError extends Error {
  override readonly name: string = 'MillraceError'
  readonly code: ErrorCode
  readonly data: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: MillraceErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.data = options.data ?? {}
  }

  /** The HTTP status with which it is answered. */
  get status(): number {
    return errorCodes[this.code]
  }

  /** The same fault, as that of one item of a list: `data.item` says which, counted from 0. */
  at(item: number): MillraceError {
    return new MillraceError(this.code, `Item ${item}: ${this.message}`, { cause: this, data: { ...this.data, item } })
  }
}

/** Where failures go that no caller is waiting for: a lost connection, a queued listener that gave up. */
export type OnError = (error: unknown) => void

/** The default `onError`: a warning on the console, so that nothing fails in silence. */
export const warn: OnError = (error) => {
  console.warn('[millrace]', error)
}

/** What was thrown, in words. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** A value as it may stand in an error message: short and on one line. It takes anything, as it is given what was refused. */
export function quote(value: unknown): string {
  let text: string
  try {
    // An object as JSON, because `[object Object]` tells nobody which.
    const isData = typeof value === 'string' || (typeof value === 'object' && value !== null)
    text = (isData && JSON.stringify(value)) || String(value).replace(/\s+/g, ' ')
  } catch {
    // No prototype, or a `toString` that throws.
    text = typeof value
  }
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
