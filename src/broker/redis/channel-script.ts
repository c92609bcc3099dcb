/**
 * The record of a channel in Lua: read once for each call, and written once, however many messages there are. And what is
 * dropped of a channel.
 *
 * `floor` is the offset of an entry at or before the first that is kept, so that it need not be looked at each time once a channel has
 * had more bytes in all than it keeps.
 */
export const channel = `
-- What is looked after now and then is late by this part of a channel's age at most.
local slack = 100

local function oldest_prev(batch)
  local oldest, start = digits(math.max(0, batch.time - batch.horizon)) .. '-0', batch.log.start
  return is_after(oldest, start) and oldest or start
end

-- The record of a channel, or nil and an error.
local function open_channel(batch, channel)
  local found = batch.channels[channel]
  if found then return found end
  local meta = redis.pcall('HMGET', batch.prefix .. 'meta:' .. channel, 'last', 'total', 'age', 'swept', 'floor')
  if meta.err then return nil, meta.err end
  found = {
    name = channel, stream = batch.prefix .. 'stream:' .. channel,
    entries = 0, last = meta[1] or oldest_prev(batch), total = tonumber(meta[2] or 0),
    age = tonumber(meta[3] or 0), swept = tonumber(meta[4] or 0), floor = tonumber(meta[5] or 0)
  }
  batch.channels[channel] = found
  return found
end

-- Until no more bytes are kept than the retention says. The floor is the offset of an entry at or before the first.
local function trim_bytes(channel, most)
  while channel.total - channel.floor > most do
    local found = redis.call('XRANGE', channel.stream, '-', '+', 'COUNT', '2')
    local first = found[1]
    if not first then break end
    for index = 1, #first[2], 2 do
      if first[2][index] == 'o' then channel.floor = tonumber(first[2][index + 1]) end
    end
    if #found < 2 or channel.total - channel.floor <= most then break end
    redis.call('XDEL', channel.stream, first[1])
  end
end

-- The first entry has trimmed by itself when it was added. To trim costs the same for one as for many.
local function trim(channel)
  local kept = channel.kept
  if channel.entries > 1 then redis.call('XTRIM', channel.stream, 'MAXLEN', kept.count) end
  trim_bytes(channel, kept.bytes)
end

-- What is too old is not read, so it may lie there for a while; what is to be forgotten is remembered for that while.
local function sweep(batch, channel)
  local age, horizon = channel.kept.age, math.max(batch.horizon, channel.kept.age)
  if channel.age == age and batch.time >= channel.swept and batch.time - channel.swept < age / slack then return end
  redis.call('XTRIM', channel.stream, 'MINID', math.max(0, batch.time - age))
  redis.call('PEXPIRE', channel.stream, math.ceil(age + age / slack))
  channel.age, channel.swept = age, batch.time
  local meta = batch.prefix .. 'meta:' .. channel.name
  redis.call('HSET', meta, 'age', age, 'swept', batch.time)
  redis.call('PEXPIRE', meta, math.ceil(horizon + age / slack))
end
`
