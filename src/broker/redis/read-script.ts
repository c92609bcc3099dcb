/** `head(prefix)` -> the position of the log, which begins here where there is none. */
export const head = `
local function head(keys)
  local time, micros = now()
  return open_log(keys[1], time, micros).position
end
`

/**
 * `read(prefix; after, entries, bytes, channel...)` -> nil where there is no log, or
 * `{ start, position, time, { last or nil, complete, { { id, fields }... } }..., timelines }`.
 *
 * The limits are those of one channel. `time` is this server's, in ms. `timelines` is `tag:begin:parent` of each, with a space
 * between two.
 */
export const read = `
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
  if is_replica() then return misplaced() end
  local prefix, after = keys[1], args[1]
  local log = redis.call('HMGET', prefix .. 'log', 'start', 'position', 'timelines')
  if not log[1] then return false end
  local time = now()
  local reply = { log[1], log[2], digits(time) }
  for index = 4, #args do
    reply[index] = slice(prefix, args[index], after, tonumber(args[2]), tonumber(args[3]), time)
  end
  reply[#args + 1] = log[3] or ''
  return reply
end
`

/** `check(prefix; topic, text)` announces `text` on `check:TOPIC`, and nobody keeps it: whoever listens there hears announcements. */
export const check = `
local function check(keys, args)
  if is_replica() then return misplaced() end
  redis.call('PUBLISH', keys[1] .. 'check:' .. args[1], args[2])
  return 1
end
`
