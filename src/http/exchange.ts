import type { Admission } from '../hub/admission.ts'
import type { Sink } from '../hub/sink.ts'
import type { IncomingBody } from './body.ts'

/** A request, as every adapter shows it. */
export interface HttpRequest {
  readonly method: string
  /** Path and query; scheme and host where the adapter has them. */
  readonly url: string
  /** The host that the client asked for, with its port. HTTP/2 has it as the authority. */
  readonly host: string | undefined
  /** A header's value, or undefined; several values of one name are joined by a comma. */
  header(name: string): string | undefined
  /** What the platform itself has of it; undefined where there is no platform. */
  readonly raw: unknown
  /**
   * What `body` makes of the bytes; or the value, or text, that a body parser has made of them already.
   *
   * @throws {MillraceError} `body_invalid` when it ends too early, and what `body` throws
   */
  read(body: IncomingBody): Promise<unknown>
}

/** An answer that is whole. */
export interface HttpReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Empty for HEAD, and where there is nothing to say. */
  readonly body: string
}

/** An answer that stays open: send status and headers at once, then `open` the admission, or `cancel` it if the reader is gone. */
export interface StreamReply {
  readonly status: 200
  readonly headers: Readonly<Record<string, string>>
  readonly admission: StreamAdmission
}

/** An admission whose stream is coded as the headers say. */
export interface StreamAdmission extends Omit<Admission, 'open'> {
  /**
   * Begins the stream, to a sink that takes the body.
   *
   * @returns the sink that is written to, which an adapter MUST use where it ends the stream by itself: the other one knows nothing of
   * what a coding has to end with
   */
  open(body: Sink): Sink
}
