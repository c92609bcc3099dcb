import type { Clock } from '../base/clock.ts'
import { MillraceError, type OnError, quote } from '../base/errors.ts'
import type { Authorize, JoinRequest } from '../channels/authorize.ts'
import type { AnyChannel } from '../channels/catalog.ts'

/** A private channel that somebody wants to read. */
export interface Asked {
  readonly name: string
  readonly channel: AnyChannel & { readonly authorize: Authorize }
}

interface AuthorizationsOptions {
  readonly clock: Clock
  /** Milliseconds that one may take. */
  readonly limit: number
  /** Hears of what whoever asked is not told of. */
  readonly onError: OnError
}

/** Those who have asked for private channels, and have no answer yet. They hold nothing of the hub but their places. */
export class Authorizations {
  readonly #options: AuthorizationsOptions
  /** What ends the wait of each. */
  readonly #waiting = new Set<(error: MillraceError) => void>()

  constructor(options: AuthorizationsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#waiting.size
  }

  /**
   * Asks all of the channels side by side, and lets in where each of them says `true`.
   *
   * @param admit Called in the turn of the decision, while the place is still held.
   * @throws {MillraceError} `channel_forbidden`, `authorize_failed`, `authorize_timeout`, what {@link endAll} was given
   */
  async ask<Admitted>(asked: readonly Asked[], request: JoinRequest, admit: () => Admitted): Promise<Admitted> {
    const { clock, limit, onError } = this.#options
    const waiting = new AbortController()
    let end: (error: MillraceError) => void = () => {}
    const ended = new Promise<never>((_, reject) => {
      end = (error) => {
        reject(error)
        waiting.abort(error)
      }
    })
    const endWait = clock.after(limit, () => {
      const error = tooLate(asked, limit)
      onError(error)
      end(error)
    })
    this.#waiting.add(end)
    try {
      const answers = Promise.allSettled(asked.map((one) => mayRead(one, request, waiting.signal)))
      this.#assertAllowed(asked, await Promise.race([ended, answers]))
      return admit()
    } finally {
      endWait()
      this.#waiting.delete(end)
    }
  }

  endAll(error: MillraceError): void {
    for (const end of this.#waiting) end(error)
  }

  /** Who may not is told of all channels that it may not read, whatever becomes of the others: it may ask for the rest. */
  #assertAllowed(asked: readonly Asked[], answers: readonly PromiseSettledResult<boolean>[]): void {
    const refused = asked.filter((_, index) => isRefusal(answers[index])).map(({ name }) => name)
    const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
    const [first, ...others] = refused.length > 0 ? [forbidden(refused), ...failures] : failures
    for (const failure of others) this.#options.onError(failure)
    if (first !== undefined) throw first
  }
}

/** Only of those that say who may read them. */
export function privateOf(wanted: readonly { readonly name: string; readonly channel: AnyChannel }[]): Asked[] {
  return wanted.filter((one): one is Asked => one.channel.authorize !== undefined)
}

export function forbidden(
  names: readonly string[],
  advice = 'Leave out what is not for you, or sign in as somebody for whom it is.',
): MillraceError {
  const data = { channels: names }
  return new MillraceError('channel_forbidden', `You may not subscribe to ${list(names)}. ${advice}`, { data })
}

async function mayRead({ name, channel }: Asked, request: JoinRequest, signal: AbortSignal): Promise<boolean> {
  const { pattern } = channel
  try {
    const params = pattern.match(name) ?? {}
    // Nothing but `true`: a promise that was forgotten, or a user who was found, is no permission.
    return (await channel.authorize({ channel: name, params, request, signal })) === true
  } catch (cause) {
    // With a text and a status of ours, whatever was thrown: it may tell what is nobody's business.
    throw new MillraceError(
      'authorize_failed',
      `The authorize of ${quote(pattern.text)} failed for ${quote(name)}, so nobody was let in. See the cause.`,
      { cause, data: { channel: name } },
    )
  }
}

function isRefusal(answer: PromiseSettledResult<boolean> | undefined): boolean {
  return answer?.status === 'fulfilled' && answer.value !== true
}

function tooLate(asked: readonly Asked[], limit: number): MillraceError {
  const names = list(asked.map(({ name }) => name))
  return new MillraceError(
    'authorize_timeout',
    `Whether ${names} may be subscribed to was not decided within ${limit} ms (limits.authorize). Try again later.`,
    { data: { limit } },
  )
}

function list(names: readonly string[]): string {
  return names.map(quote).join(', ')
}
