import type { RedisClient } from './library.ts'

// What BullMQ has no command for. They read its sets of failed and active jobs, and write only what is given up by it or was ours:
// a failed job, the key of a `unique`, the lock of a job that runs here.

/** Notes the queue's name; gives those of the ids whose jobs have failed. */
const note = `
redis.call('SADD', KEYS[1], ARGV[1])
local failed = {}
for index = 2, #ARGV do
  if redis.call('ZSCORE', KEYS[2], ARGV[index]) then failed[#failed + 1] = ARGV[index] end
end
return failed`

/** How many jobs wait, wait for their time, run and have failed. One whose time has come waits, though BullMQ moves it with the next fetch. */
const count = `
local due = redis.call('ZCOUNT', KEYS[3], '-inf', ARGV[1] * 4096 + 4095)
return {
  redis.call('LLEN', KEYS[1]) + redis.call('ZCARD', KEYS[2]) + due,
  redis.call('ZCARD', KEYS[3]) - due,
  redis.call('LLEN', KEYS[4]),
  redis.call('ZCARD', KEYS[5])
}`

/** Whether somebody else has the key of a \`unique\`. A job that has failed has lost it, whatever it says. */
const isHeld = `
local function isHeld(key, failed, id, prefix)
  local holder = key ~= '' and redis.call('GET', key)
  if not holder or holder == id then return false end
  return redis.call('EXISTS', prefix .. holder) == 1 and not redis.call('ZSCORE', failed, holder)
end`

/** Removes a failed job, unless it has not failed, or its \`unique\` is another's. */
const remove = `${isHeld}
if isHeld(ARGV[2], KEYS[1], ARGV[1], ARGV[3]) then return 0 end
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('DEL', KEYS[2], KEYS[2] .. ':logs')
if ARGV[2] ~= '' and redis.call('GET', ARGV[2]) == ARGV[1] then redis.call('DEL', ARGV[2]) end
return 1`

/** Takes the key of a \`unique\` for a failed job that is to be retried. */
const claim = `${isHeld}
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) or isHeld(ARGV[2], KEYS[1], ARGV[1], ARGV[3]) then return 0 end
if ARGV[2] ~= '' then redis.call('SET', ARGV[2], ARGV[1]) end
return 1`

/** Gives the key of a \`unique\` free that a failed job has: whoever claimed it died before the job was retried. */
const release = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] or not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('DEL', KEYS[2])
return 1`

/** Takes back the lock of a job that is nobody's: it ran out while Redis was away, or this process was held up. */
const relock = `
if not redis.call('LPOS', KEYS[1], ARGV[1]) then return 0 end
if (redis.call('GET', KEYS[2]) or ARGV[2]) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
redis.call('SREM', KEYS[3], ARGV[1])
return 1`

/** Keeps the look for jobs without a lock that comes next from being done, where the last one is too long ago. Gives the server's time. */
const look = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now - ARGV[1] > tonumber(ARGV[2]) then redis.call('SET', KEYS[1], now, 'PX', 1000) end
return now`

/** Takes back that a run was counted. */
const uncount = `return redis.call('HINCRBY', KEYS[1], 'ats', -1)`

const scripts = {
  count: { numberOfKeys: 5, lua: count },
  note: { numberOfKeys: 2, lua: note },
  remove: { numberOfKeys: 2, lua: remove },
  claim: { numberOfKeys: 1, lua: claim },
  release: { numberOfKeys: 2, lua: release },
  look: { numberOfKeys: 1, lua: look },
  uncount: { numberOfKeys: 1, lua: uncount },
  relock: { numberOfKeys: 3, lua: relock },
} as const

const defined = new WeakSet<RedisClient>()

/** @param args The keys, and then the rest. */
export async function run(
  client: RedisClient,
  name: keyof typeof scripts,
  args: readonly (string | number)[],
): Promise<unknown> {
  if (!defined.has(client)) {
    for (const [script, definition] of Object.entries(scripts)) client.defineCommand(commandOf(script), definition)
    defined.add(client)
  }
  return client.runCommand(commandOf(name), [...args])
}

function commandOf(script: string): string {
  return `millrace:${script}`
}
