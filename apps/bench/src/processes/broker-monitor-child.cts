// Loaded into the broker's process with --require, before its own program, which does not know of it.
// CommonJS and required: an import would use the thread pool before the broker has set its size.
type Reading = import("./broker-reading.js", { with: {
  "resolution-mode": "import",
}}).BrokerReading;

{
  const { monitorEventLoopDelay } = process.getBuiltinModule("node:perf_hooks");
  const { readFileSync, writeFileSync } = process.getBuiltinModule("node:fs");
  const resolutionMs = 10;
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  const mainAtMs = performance.timeOrigin + performance.now();

  // The histogram holds the whole time between two of its timers, their own interval included.
  const delayMs = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolutionMs);

  const read = (): Reading => {
    const { user, system } = process.cpuUsage();
    const reading = {
      mainAtMs,
      processorMs: (user + system) / 1_000,
      residentBytes: process.memoryUsage.rss(),
      residentBytesPeak: process.resourceUsage().maxRSS * 1_024,
      loopDelayMs: {
        p50: delayMs(delays.percentile(50)),
        p99: delayMs(delays.percentile(99)),
        max: delayMs(delays.max),
      },
    };
    delays.reset();
    return reading;
  };

  delays.enable();
  process.on("message", (ask) => process.send?.({ ask, reading: read() }));
  // The bench's channel must not keep a broker alive that has stopped.
  process.channel?.unref();

  const accountFile = process.env["BENCH_ACCOUNT_FILE"];
  if (accountFile !== undefined) {
    // Only the process itself can read its account after its last write.
    process.once("exit", () => writeFileSync(accountFile, readFileSync("/proc/self/io")));
  }
}
