/**
 * What happens inside Redis, where every call is one atomic step.
 *
 * Keys, all under the prefix that is the one key argument:
 *
 * | key              | type   | holds                                                                          |
 * | ---------------- | ------ | ------------------------------------------------------------------------------ |
 * | `log`            | hash   | `start` and `position`, the first and the last position of the log               |
 * | `stream:CHANNEL` | stream | the kept entries; the id is the position. It expires with the channel's age      |
 * | `meta:CHANNEL`   | hash   | `last` position, `total` bytes ever, `age`. It expires with the horizon          |
 * | `id:ID`          | string | the position of the message that a publisher gave this id; it expires as well    |
 *
 * An entry has the fields `p` (prev), `d` (data), `o` (the channel's `total` before it) and where there is one `e` (event) and
 * `k` (key); where there are several channels, `c` (all of them) and `v` (the prev of each). What is kept of a channel in bytes is `total` less the first
 * entry's `o`, so no trimming has to keep count.
 *
 * Announcements are published on `live:CHANNEL`: a line of JSON `{"p", "c", "v", "e", "k"}` (position, channels, the prev of each,
 * event, key), then the data as it is.
 */

/** To be raised with every change of the script: a library that is older than this is replaced. */
export const scriptVersion = 1

const common = `
local function digits(number)
  return string.format('%.0f', number)
end

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function parts(position)
  local ms, seq = string.match(position, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end

local function is_after(a, b)
  local a_ms, a_seq = parts(a)
  local b_ms, b_seq = parts(b)
  return a_ms > b_ms or (a_ms == b_ms and a_seq > b_seq)
end

local function open_log(prefix, time)
  local log = redis.call('HMGET', prefix .. 'log', 'start', 'position')
  if log[1] then return log[1], log[2] end
  local start = digits(time) .. '-1'
  redis.call('HSET', prefix .. 'log', 'start', start, 'position', start)
  return start, start
end

local function next_position(last, time)
  local ms, seq = parts(last)
  if time > ms then return digits(time) .. '-1' end
  return digits(ms) .. '-' .. digits(seq + 1)
end
`

/** `append(prefix; options, data)` -> the position, or nil where no channel keeps the message. */
const append = `
local function trim(stream, kept, total, time)
  redis.call('XTRIM', stream, 'MAXLEN', digits(kept.count))
  redis.call('XTRIM', stream, 'MINID', digits(time - kept.age))
  while total > kept.bytes and redis.call('XLEN', stream) > 1 do
    local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', '1')[1]
    local offset
    for index = 1, #first[2], 2 do
      if first[2][index] == 'o' then offset = tonumber(first[2][index + 1]) end
    end
    if total - offset <= kept.bytes then break end
    redis.call('XDEL', stream, first[1])
  end
end

local function keep(prefix, index, message, position, prevs, total, time, horizon)
  local channel, kept = message.channels[index], message.retention[index]
  local stream = prefix .. 'stream:' .. channel
  local fields = { 'p', prevs[index], 'd', message.data, 'o', digits(total) }
  if message.event then fields[#fields + 1] = 'e'; fields[#fields + 1] = message.event end
  if message.key then fields[#fields + 1] = 'k'; fields[#fields + 1] = message.key end
  if #message.channels > 1 then
    fields[#fields + 1] = 'c'; fields[#fields + 1] = cjson.encode(message.channels)
    fields[#fields + 1] = 'v'; fields[#fields + 1] = cjson.encode(prevs)
  end
  redis.call('XADD', stream, position, unpack(fields))
  total = total + #message.data
  trim(stream, kept, total, time)
  redis.call('PEXPIRE', stream, digits(kept.age))
  local meta = prefix .. 'meta:' .. channel
  redis.call('HSET', meta, 'last', position, 'total', digits(total), 'age', digits(kept.age))
  redis.call('PEXPIRE', meta, digits(math.max(horizon, kept.age)))
end

local defaults = { count = 10000, age = 86400000, bytes = 67108864 }

-- Any program can call this, and what it says becomes lines of a stream: the threat is a line feed that begins a line of its own.
local function fault(message, data)
  if not data then return 'two arguments are needed: the options as JSON, and the data' end
  if type(message) ~= 'table' then return 'the options must be a JSON object' end
  if type(message.channels) ~= 'table' or #message.channels == 0 then return '"channels" must be a list of names' end
  local seen = {}
  for _, channel in ipairs(message.channels) do
    if type(channel) ~= 'string' or channel == '' or string.find(channel, '[%c%s,]') then
      return 'a channel is named by a string without white space, control characters and commas'
    end
    if seen[channel] then return 'a channel is named twice' end
    seen[channel] = true
  end
  for _, name in ipairs({ 'event', 'key', 'id' }) do
    local value = message[name]
    if value and (type(value) ~= 'string' or value == '' or string.find(value, '[%z\\r\\n]')) then
      return '"' .. name .. '" must be a string without a line end or a null'
    end
  end
end

local function append(keys, args)
  local prefix = keys[1]
  local parsed, message = pcall(cjson.decode, args[1] or '')
  if not parsed then message = nil end
  for name, value in pairs(type(message) == 'table' and message or {}) do
    if value == cjson.null then message[name] = nil end
  end
  local wrong = fault(message, args[2])
  if wrong then return redis.error_reply('MILLRACE ' .. wrong) end
  message.data = args[2]
  local horizon = message.horizon or ${30 * 24 * 60 * 60 * 1000}
  local known = message.id and redis.call('GET', prefix .. 'id:' .. message.id)
  if known then return known ~= '' and known end

  local time = now()
  local start, last = open_log(prefix, time)
  local oldest = digits(math.max(0, time - horizon)) .. '-0'
  local position = false
  local prevs, totals = {}, {}
  message.retention = message.retention or {}
  for index, channel in ipairs(message.channels) do
    local kept = message.retention[index] or {}
    for name, value in pairs(defaults) do kept[name] = kept[name] or value end
    message.retention[index] = kept
    if kept.count > 0 and kept.age > 0 and kept.bytes > 0 then
      position = position or next_position(last, time)
      local meta = redis.call('HMGET', prefix .. 'meta:' .. channel, 'last', 'total')
      prevs[index] = meta[1] or (is_after(oldest, start) and oldest or start)
      totals[index] = tonumber(meta[2] or 0)
    else
      prevs[index] = cjson.null
    end
  end
  for index in ipairs(message.channels) do
    if totals[index] then keep(prefix, index, message, position, prevs, totals[index], time, horizon) end
  end
  if position then redis.call('HSET', prefix .. 'log', 'position', position) end
  if message.id then
    redis.call('SET', prefix .. 'id:' .. message.id, position or '', 'PX', digits(message.idWindow or 600000))
  end
  local header = { p = position or cjson.null, c = message.channels, v = prevs, e = message.event, k = message.key }
  local announcement = cjson.encode(header) .. '\\n' .. message.data
  for _, channel in ipairs(message.channels) do
    redis.call('PUBLISH', prefix .. 'live:' .. channel, announcement)
  end
  return position
end
`

/** `head(prefix)` -> the position of the log, which begins here where there is none. */
const head = `
local function head(keys)
  local _, position = open_log(keys[1], now())
  return position
end
`

/**
 * `read(prefix; after, entries, bytes, channel...)` -> nil where there is no log, or
 * `{ start, position, time, { last or nil, complete, { { id, fields }... } }... }`.
 *
 * The limits are those of one channel. `time` is this server's, in ms.
 */
const read = `
local function slice(prefix, channel, after, entries, bytes, time)
  local meta = redis.call('HMGET', prefix .. 'meta:' .. channel, 'last', 'age')
  if not meta[1] then return { false, 1, {} } end
  local from = '(' .. after
  local oldest = digits(time - tonumber(meta[2])) .. '-0'
  if is_after(oldest, after) then from = oldest end
  local found, size = {}, 0
  while true do
    local batch = redis.call('XRANGE', prefix .. 'stream:' .. channel, from, '+', 'COUNT', '16')
    for index, entry in ipairs(batch) do
      if #found >= entries or size >= bytes then return { meta[1], 0, found } end
      found[#found + 1] = entry
      for field = 1, #entry[2], 2 do
        if entry[2][field] == 'd' then size = size + #entry[2][field + 1] end
      end
    end
    if #batch < 16 then return { meta[1], 1, found } end
    from = '(' .. batch[#batch][1]
  end
end

local function read(keys, args)
  local prefix, after = keys[1], args[1]
  local log = redis.call('HMGET', prefix .. 'log', 'start', 'position')
  if not log[1] then return false end
  local time = now()
  local reply = { log[1], log[2], digits(time) }
  for index = 4, #args do
    reply[index] = slice(prefix, args[index], after, tonumber(args[2]), tonumber(args[3]), time)
  end
  return reply
end
`

const bodies = { append, head, read }

/** What can be called. */
export type Procedure = keyof typeof bodies

export const procedures = Object.keys(bodies) as readonly Procedure[]

/** The library for `FUNCTION LOAD`. Its functions are `millrace_append` and so on. */
export const library = `#!lua name=millrace
${common}${append}${head}${read}
redis.register_function('millrace_append', append)
redis.register_function('millrace_head', head)
redis.register_function{ function_name = 'millrace_read', callback = read, flags = { 'no-writes' } }
redis.register_function{
  function_name = 'millrace_version',
  callback = function() return ${scriptVersion} end,
  flags = { 'no-writes' }
}
`

/** The same as a script of its own, for servers that have no functions. */
export function toScript(procedure: Procedure): string {
  return `${common}${bodies[procedure]}\nreturn ${procedure}(KEYS, ARGV)\n`
}
