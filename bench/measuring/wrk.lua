-- For wrk: with a rate as its argument, requests are sent at fixed points in time, as far as a connection is free
-- then; without, as fast as answers come. wrk2, which would also count the wait for a free connection, is not packaged.
local ffi = require("ffi")
ffi.cdef("typedef struct { long s; long ns; } moment; int clock_gettime(int clock, moment *time);")
local MONOTONIC = 1
local moment = ffi.new("moment")

local function milliseconds()
  ffi.C.clock_gettime(MONOTONIC, moment)
  return tonumber(moment.s) * 1000 + tonumber(moment.ns) / 1000000
end

function init(arguments)
  local rate = tonumber(arguments[1])
  if not rate then
    return
  end
  local interval, slot = 1000 / rate, nil
  function delay()
    local now = milliseconds()
    slot = math.max((slot or now) + interval, now)
    return math.floor(slot - now + 0.5)
  end
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %f, "errors": %d, "p50": %f, "p95": %f, "p99": %f}\n',
    summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000))
end
