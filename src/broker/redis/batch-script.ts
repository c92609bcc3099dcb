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

-- What a server says that takes no writes at all is said for the whole call, before anything was done.
local function is_general(wrong)
  return string.find(wrong, '^%u+') and not string.find(wrong, '^WRONGTYPE') and not string.find(wrong, '^NOPERM')
    and not string.find(wrong, '^ERR')
end

-- Messages on the same channels, with the same retention of each. Which of these keep anything is the same for all of them.
local function open_group(batch, names, retention)
  local group = { names = names, kept = {} }
  for index, name in ipairs(names) do
    local limits = retention[index]
    if limits.count > 0 and limits.age > 0 and limits.bytes > 0 then
      local channel, wrong = open_channel(batch, name)
      if wrong then group.wrong = wrong
      else group.kept[#group.kept + 1] = { index = index, channel = channel, limits = limits } end
    end
  end
  return group
end

-- The last position of each channel, or 'none' where it keeps nothing.
local function lasts(group, none)
  local found = {}
  for index in ipairs(group.names) do found[index] = none end
  for _, one in ipairs(group.kept) do found[one.index] = one.channel.last end
  return found
end

-- One channel's entry. Answers an error, or nil.
local function add_entry(group, one, message, position, prevs)
  local channel, added = one.channel, nil
  if channel.kept and not prevs and not message.event and not message.key and not message.trace then
    added = redis.pcall('XADD', channel.stream, position, 'p', channel.last, 'd', message.data, 'o', channel.total)
  else
    local fields = { 'p', channel.last, 'd', message.data, 'o', channel.total }
    if message.event then fields[#fields + 1] = 'e'; fields[#fields + 1] = message.event end
    if message.key then fields[#fields + 1] = 'k'; fields[#fields + 1] = message.key end
    if message.trace then fields[#fields + 1] = 't'; fields[#fields + 1] = message.trace end
    if prevs then
      fields[#fields + 1] = 'c'; fields[#fields + 1] = cjson.encode(group.names)
      fields[#fields + 1] = 'v'; fields[#fields + 1] = cjson.encode(prevs)
    end
    if channel.kept then added = redis.pcall('XADD', channel.stream, position, unpack(fields))
    else added = redis.pcall('XADD', channel.stream, 'MAXLEN', one.limits.count, position, unpack(fields)) end
  end
  if type(added) ~= 'table' then return nil end
  if is_general(added.err) then error(added) end
  return added.err
end

-- Keeps a message in those channels of its group that keep anything. Answers its position, false where none does, or nil and an
-- error; then nothing of it is kept.
local function keep(batch, group, message)
  if group.wrong then return nil, group.wrong end
  if #group.kept == 0 then return false end
  local prevs = #group.names > 1 and lasts(group, cjson.null)
  local position = take_place(batch)
  -- Also where it fails: a stream takes no entry at a place where one was.
  batch.last = position
  for at, one in ipairs(group.kept) do
    -- As much of it goes as would have, had they not come together.
    if one.channel.kept and one.channel.kept ~= one.limits then trim(one.channel) end
    local wrong = add_entry(group, one, message, position, prevs)
    if wrong then
      for before = 1, at - 1 do redis.call('XDEL', group.kept[before].channel.stream, position) end
      return nil, wrong
    end
  end
  for _, one in ipairs(group.kept) do
    local channel = one.channel
    if not channel.kept then batch.touched[#batch.touched + 1] = channel end
    channel.entries = channel.entries + 1
    channel.kept, channel.last = one.limits, position
    channel.total = channel.total + #message.data
  end
  return position
end

-- Messages of a group that follow on each other are announced together: the prev of each but the first is the one before.
local function open_run(batch, group)
  local run = batch.runs[#batch.runs]
  if run and run.group == group then return run end
  return { group = group, messages = {}, parts = { table.concat(group.names, ',') .. ' ' .. table.concat(lasts(group, '-'), ',') } }
end

local function announce(batch, run, message, position, index)
  if batch.runs[#batch.runs] ~= run then batch.runs[#batch.runs + 1] = run end
  run.messages[#run.messages + 1] = index
  local parts, ends, form, _ = run.parts, 0, '', nil
  if string.find(message.data, '\\n', 1, true) then _, ends = string.gsub(message.data, '\\n', '') end
  if message.event then form = 'e' end
  if message.key then form = form .. 'k' end
  if message.trace then form = form .. 't' end
  local size = #parts
  parts[size + 1] = '\\n'
  parts[size + 2] = position or '-'
  parts[size + 3] = ' '
  parts[size + 4] = ends
  parts[size + 5] = form
  parts[size + 6] = message.event and '\\n' .. message.event or ''
  parts[size + 7] = message.key and '\\n' .. message.key or ''
  parts[size + 8] = message.trace and '\\n' .. message.trace or ''
  parts[size + 9] = '\\n'
  parts[size + 10] = message.data
end

-- Answers are a position, false for what no channel keeps, or { err = why }.
local function add(batch, group, message)
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
  local run = open_run(batch, group)
  local position, wrong = keep(batch, group, message)
  if wrong then
    batch.answers[index] = { err = wrong }
    return
  end
  if id_key then redis.call('SET', id_key, position or '', 'PX', batch.id_window) end
  batch.answers[index] = position
  announce(batch, run, message, position, index)
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
    for _, name in ipairs(run.group.names) do
      local told = redis.pcall('PUBLISH', batch.prefix .. 'live:' .. name, text)
      if type(told) == 'table' then
        for _, index in ipairs(run.messages) do batch.answers[index] = told end
      end
    end
  end
  return batch.answers
end
`
