// @ts-check

/**
 * Who reads what: `one` channel for all; `many` channels, each with as many readers; or `per-user`: a channel for each reader, and
 * one for all, which come by turns so that every reader has as much of the one as of the other.
 *
 * @typedef {{ kind: 'one' } | { kind: 'many', channels: number } | { kind: 'per-user' }} LayoutOptions
 */

/**
 * Messages have one row of numbers over all channels, and a number says on which it goes. So a reader can tell what it must have had.
 *
 * @typedef {object} Layout
 * @property {readonly string[]} channels all there are
 * @property {(seq: number) => string} channelOf where a message goes
 * @property {(reader: number) => readonly string[]} channelsOf what a reader subscribes to
 * @property {(reader: number, seq: number) => boolean} isFor
 * @property {(reader: number, seq: number) => number} expected how many of the messages 1 to `seq` are for a reader
 * @property {(reader: number) => number | undefined} groupOf readers of the same group see the same bytes; undefined: nobody else does
 * @property {number} cycle messages after which it begins again
 */

/**
 * @param {LayoutOptions} options
 * @param {number} clients
 * @returns {Layout}
 */
export function toLayout(options, clients) {
  if (options.kind === 'one') {
    const channels = ['news']
    return {
      channels,
      channelOf: () => 'news',
      channelsOf: () => channels,
      isFor: () => true,
      expected: (_reader, seq) => seq,
      groupOf: () => 0,
      cycle: 1,
    }
  }
  if (options.kind === 'many') {
    const count = options.channels
    const channels = Array.from({ length: count }, (_, index) => `rooms.${index}`)
    return {
      channels,
      channelOf: (seq) => `rooms.${seq % count}`,
      channelsOf: (reader) => [`rooms.${reader % count}`],
      isFor: (reader, seq) => seq % count === reader % count,
      expected: (reader, seq) => timesUpTo(seq, count, reader % count),
      groupOf: (reader) => reader % count,
      cycle: count,
    }
  }
  // 0 is for all, and the others for one reader each.
  const cycle = clients + 1
  return {
    channels: ['shared', ...Array.from({ length: clients }, (_, index) => `users.${index}`)],
    channelOf: (seq) => (seq % cycle === 0 ? 'shared' : `users.${(seq % cycle) - 1}`),
    channelsOf: (reader) => [`users.${reader}`, 'shared'],
    isFor: (reader, seq) => seq % cycle === 0 || seq % cycle === reader + 1,
    expected: (reader, seq) => timesUpTo(seq, cycle, 0) + timesUpTo(seq, cycle, reader + 1),
    groupOf: () => undefined,
    cycle,
  }
}

/**
 * How many of the numbers 1 to `last` leave `rest` when divided by `divisor`.
 *
 * @param {number} last
 * @param {number} divisor
 * @param {number} rest
 */
function timesUpTo(last, divisor, rest) {
  return rest === 0 ? Math.floor(last / divisor) : Math.floor((last - rest + divisor) / divisor)
}
