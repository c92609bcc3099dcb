/** How long a broker remembers what bounds its promises, in milliseconds. */

/** A publisher that repeats an `id` within this window gets the first one's position. */
export const defaultIdWindow = 10 * 60 * 1000

/**
 * A channel's last position is remembered this long after its last message. A cursor that is older than that, on a channel that
 * has no record, gets a gap: nobody can tell any more whether it missed something.
 */
export const defaultHorizon = 30 * 24 * 60 * 60 * 1000
