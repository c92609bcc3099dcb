import { type ErrorCode, MillraceError } from '../../base/errors.ts'

/** An error as it is sent. */
export interface Fault {
  /** Left out for an error that is none of ours. */
  readonly code?: ErrorCode
  readonly message: string
  readonly data?: Readonly<Record<string, unknown>>
  readonly stack?: string | undefined
}

export function toFault(error: unknown): Fault {
  if (error instanceof MillraceError) return { code: error.code, message: error.message, data: error.data }
  return error instanceof Error ? { message: error.message, stack: error.stack } : { message: String(error) }
}

/** The error again, with its code and data. What made it fail has stayed where it was. */
export function fromFault({ code, message, data = {}, stack }: Fault): Error {
  if (code !== undefined) return new MillraceError(code, message, { data })
  const error = new Error(message)
  if (stack !== undefined) error.stack = stack
  return error
}
