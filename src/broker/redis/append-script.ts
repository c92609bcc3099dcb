/** `append(prefix; options, data)` -> the position, or nil where no channel keeps the message. */
export const append = `
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
  if known then
    -- Written once more, so that a WAIT that follows on this connection is a wait for it.
    if message.minReplicas then redis.call('SET', prefix .. 'id:' .. message.id, known, 'KEEPTTL') end
    return known ~= '' and known
  end

  local time, micros = now()
  local log = open_log(prefix, time, micros)
  local start = log.start
  local oldest = digits(math.max(0, time - horizon)) .. '-0'
  local position = false
  local prevs, totals = {}, {}
  message.retention = message.retention or {}
  for index, channel in ipairs(message.channels) do
    local kept = message.retention[index] or {}
    for name, value in pairs(defaults) do kept[name] = kept[name] or value end
    message.retention[index] = kept
    if kept.count > 0 and kept.age > 0 and kept.bytes > 0 then
      position = position or next_place(prefix, log, time, micros)
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
  if position then write_place(prefix, log, position) end
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
