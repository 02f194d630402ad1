-- wrk -s wrk.lua URL -- HEADS: orders with a fresh idempotency key each, the customers in turn.
-- HEADS is a Lua file that returns { heads = { … }, tail = … }: a request is head .. key .. tail.
local heads, tail
local number = 0
local run = string.format('%x', os.time())

function init(args)
  local parts = dofile(args[1])
  heads, tail = parts.heads, parts.tail
end

function request()
  number = number + 1
  return heads[number % #heads + 1] .. run .. '-' .. number .. tail
end

function done(summary, latency)
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '{"seconds":%.3f,"acknowledged":%d,"errors":%d,"p50Ms":%.3f,"p99Ms":%.3f}\n',
    summary.duration / 1e6, summary.requests - errors.status, errors.status + lost,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
