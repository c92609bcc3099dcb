import { append, appendAll } from './append-script.ts'
import { batch } from './batch-script.ts'
import { channel } from './channel-script.ts'
import { log } from './log-script.ts'
import { check, head, read } from './read-script.ts'

/**
 * What happens inside Redis, where every call is one atomic step.
 *
 * Keys, all under the prefix that is the one key argument:
 *
 * | key              | type   | holds                                                                          |
 * | ---------------- | ------ | ------------------------------------------------------------------------------ |
 * | `log`            | hash   | `start` and `position`, the first and the last position of the log; `timelines` and `writer`, who wrote it and who does now |
 * | `stream:CHANNEL` | stream | the kept entries; the id is the position. It expires with the channel's age      |
 * | `meta:CHANNEL`   | hash   | `last` position, `total` bytes ever, `floor`, the offset of an entry at or before the first, `age`, and when it was `swept`. It expires with the horizon |
 * | `id:ID`          | string | the position of the message that a publisher gave this id; it expires as well    |
 *
 * An entry has the fields `p` (prev), `d` (data), `o` (the channel's `total` before it) and where there is one `e` (event),
 * `k` (key) and `t` (trace, JSON); where there are several channels, `c` (all of them) and `v` (the prev of each). What is kept of a channel in bytes is `total` less the first
 * entry's `o`, so no trimming has to keep count.
 *
 * Announcements are published on `live:CHANNEL`; `announcement.ts` says what is in them.
 */

/** To be raised with every change of the script: a library that is older than this is replaced. */
export const scriptVersion = 4

const bodies = { append: channel + batch + append, append_all: channel + batch + appendAll, head, read, check }

/** What can be called. */
export type Procedure = keyof typeof bodies

export const procedures = Object.keys(bodies) as readonly Procedure[]

/** The library for `FUNCTION LOAD`. Its functions are `millrace_append` and so on. */
export const library = `#!lua name=millrace
local has_memory = true
${log}${channel}${batch}${append}${appendAll}${head}${read}${check}
redis.register_function('millrace_append', append)
redis.register_function('millrace_append_all', append_all)
redis.register_function('millrace_head', head)
redis.register_function{ function_name = 'millrace_check', callback = check, flags = { 'allow-oom' } }
redis.register_function{ function_name = 'millrace_read', callback = read, flags = { 'no-writes' } }
redis.register_function{
  function_name = 'millrace_version',
  callback = function() return ${scriptVersion} end,
  flags = { 'no-writes' }
}
`

/** The same as a script of its own, for servers that have no functions. */
export function toScript(procedure: Procedure): string {
  return `local has_memory = false\n${log}${bodies[procedure]}\nreturn ${procedure}(KEYS, ARGV)\n`
}
