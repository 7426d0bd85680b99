-- What wrk sends, by its arguments, and what it measured, as one line of JSON.
function init(args)
  wrk.method = args[1]
  if args[2] ~= "" then
    wrk.body = args[2]
    wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  end
  if args[3] ~= "" then wrk.headers["Authorization"] = args[3] end
  if args[4] == "close" then wrk.headers["Connection"] = "close" end
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "us": %d, "p50_us": %d, "p99_us": %d, "refused": %d, "errors": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    -- a server may close after each answer, which is a failed read for the next one
    e.status, e.connect + e.write + e.timeout + math.max(0, e.read - summary.requests)))
end
