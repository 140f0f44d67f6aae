-- Prints what wrk measured as one line: requests a second, p50, p99, max (ms), refusals, errors.
done = function(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("BENCH %.0f %.2f %.2f %.1f %d %d\n",
        summary.requests / summary.duration * 1e6,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000,
        errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
