/**
 * What one call appends, in Lua: several messages, each with its own place, its own `prev` and its own answer, as if they had been
 * appended one after the other and nobody had come between.
 *
 * What is the same for all of them is done once: the time, the log's place, each channel's record, trimming, and for messages that
 * follow on each other on the same channels the announcement. That is most of what an append costs.
 *
 * Nothing here may raise an error once a message has a place, or the call would end between an entry and the record of its channel:
 * a key of another type, or a channel that may not be published on, is the error of the messages that it concerns.
 *
 * Numbers go to commands as they are where they can: the server writes whole ones as whole ones, and faster than `digits`.
 */
export const batch = `
-- What is looked after now and then is late by this part of a channel's age at most.
local slack = 100

local function open_batch(prefix, horizon, id_window, has_replicas)
  local time, micros = now()
  return {
    prefix = prefix, horizon = horizon, id_window = id_window, has_replicas = has_replicas,
    time = time, micros = micros, log = open_log(prefix, time, micros),
    channels = {}, touched = {}, runs = {}, answers = {}, count = 0
  }
end

-- The place after the last one. The first of a batch finds out whose log it is; those after it only count on.
local function take_place(batch)
  if not batch.ms then
    local place = next_place(batch.prefix, batch.log, batch.time, batch.micros)
    local ms, seq = parts(place)
    batch.ms, batch.number = digits(ms) .. '-', math.floor(seq / scale)
    batch.tag = string.sub(digits(scale + seq % scale), 2)
    return place
  end
  batch.number = batch.number + 1
  return batch.ms .. batch.number .. batch.tag
end

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

-- What a server says that takes no writes at all is said for the whole call, before anything was done.
local function is_general(wrong)
  return string.find(wrong, '^%u+') and not string.find(wrong, '^WRONGTYPE') and not string.find(wrong, '^NOPERM')
    and not string.find(wrong, '^ERR')
end

-- One channel's entry. Answers an error, or nil.
local function add_entry(message, channel, retention, position, prevs)
  local fields = { 'p', channel.last, 'd', message.data, 'o', channel.total }
  if message.event then fields[#fields + 1] = 'e'; fields[#fields + 1] = message.event end
  if message.key then fields[#fields + 1] = 'k'; fields[#fields + 1] = message.key end
  if #message.channels > 1 then
    fields[#fields + 1] = 'c'; fields[#fields + 1] = cjson.encode(message.channels)
    fields[#fields + 1] = 'v'; fields[#fields + 1] = cjson.encode(prevs)
  end
  local added
  if channel.kept then added = redis.pcall('XADD', channel.stream, position, unpack(fields))
  else added = redis.pcall('XADD', channel.stream, 'MAXLEN', retention.count, position, unpack(fields)) end
  if type(added) ~= 'table' then return nil end
  if is_general(added.err) then error(added) end
  return added.err
end

-- Keeps a message in those of its channels that keep anything. Answers its position (false where none does) and the prev of each
-- channel, or nil, nil and an error; then nothing of it is kept.
local function keep(batch, message)
  local kept, prevs, position = {}, {}, false
  for index, name in ipairs(message.channels) do
    local retention = message.retention[index]
    prevs[index] = cjson.null
    if retention.count > 0 and retention.age > 0 and retention.bytes > 0 then
      local channel, wrong = open_channel(batch, name)
      if wrong then return nil, nil, wrong end
      -- As much of it goes as would have, had they not come together.
      if channel.kept and channel.kept ~= retention then trim(channel) end
      kept[#kept + 1] = { channel = channel, retention = retention }
      prevs[index] = channel.last
    end
  end
  if #kept == 0 then return false, prevs end
  position = take_place(batch)
  -- Also where it fails: a stream takes no entry at a place where one was.
  batch.last = position
  for index, one in ipairs(kept) do
    local wrong = add_entry(message, one.channel, one.retention, position, prevs)
    if wrong then
      for before = 1, index - 1 do redis.call('XDEL', kept[before].channel.stream, position) end
      return nil, nil, wrong
    end
  end
  for _, one in ipairs(kept) do
    local channel = one.channel
    if not channel.kept then batch.touched[#batch.touched + 1] = channel end
    channel.entries = channel.entries + 1
    channel.kept, channel.last = one.retention, position
    channel.total = channel.total + #message.data
  end
  return position, prevs
end

-- Messages that follow on each other on the same channels are announced together: the prev of each but the first is the one before.
local function announce(batch, message, position, prevs, index)
  local run = batch.runs[#batch.runs]
  if not run or run.channels ~= message.channels or run.retention ~= message.retention then
    local befores = {}
    for at, prev in ipairs(prevs) do befores[at] = prev == cjson.null and '-' or prev end
    run = { channels = message.channels, retention = message.retention, messages = {} }
    run.parts = { table.concat(message.channels, ',') .. ' ' .. table.concat(befores, ',') }
    batch.runs[#batch.runs + 1] = run
  end
  run.messages[#run.messages + 1] = index
  local parts, ends, form, _ = run.parts, 0, ''
  if string.find(message.data, '\\n', 1, true) then _, ends = string.gsub(message.data, '\\n', '') end
  if message.event then form = 'e' end
  if message.key then form = form .. 'k' end
  local size = #parts
  parts[size + 1] = '\\n'
  parts[size + 2] = position or '-'
  parts[size + 3] = ' '
  parts[size + 4] = ends
  parts[size + 5] = form
  parts[size + 6] = message.event and '\\n' .. message.event or ''
  parts[size + 7] = message.key and '\\n' .. message.key or ''
  parts[size + 8] = '\\n'
  parts[size + 9] = message.data
end

-- Answers are a position, false for what no channel keeps, or { err = why }.
local function add(batch, message)
  local index, id_key = batch.count + 1, message.id and batch.prefix .. 'id:' .. message.id
  batch.count = index
  if id_key then
    local known = redis.pcall('GET', id_key)
    if type(known) == 'table' then
      batch.answers[index] = known
      return
    elseif known then
      -- Written once more, so that a WAIT that follows on this connection is a wait for it.
      if batch.has_replicas then redis.call('SET', id_key, known, 'KEEPTTL') end
      batch.answers[index] = known ~= '' and known
      return
    end
  end
  local position, prevs, wrong = keep(batch, message)
  if wrong then
    batch.answers[index] = { err = wrong }
    return
  end
  if id_key then redis.call('SET', id_key, position or '', 'PX', batch.id_window) end
  batch.answers[index] = position
  announce(batch, message, position, prevs, index)
end

local function close_batch(batch)
  if batch.last then write_place(batch.prefix, batch.log, batch.last) end
  for _, channel in ipairs(batch.touched) do
    trim(channel)
    redis.call('HSET', batch.prefix .. 'meta:' .. channel.name, 'last', channel.last, 'total', channel.total, 'floor', channel.floor)
    sweep(batch, channel)
  end
  for _, run in ipairs(batch.runs) do
    local text = table.concat(run.parts)
    for _, name in ipairs(run.channels) do
      local told = redis.pcall('PUBLISH', batch.prefix .. 'live:' .. name, text)
      if type(told) == 'table' then
        for _, index in ipairs(run.messages) do batch.answers[index] = told end
      end
    end
  end
  return batch.answers
end
`
