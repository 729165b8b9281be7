import type { Logger } from "pino";
import { formatAddress } from "./config/address.js";
import type { LoadedConfig } from "./config/load-config.js";
import { EXIT_CODES } from "./exit-codes.js";
import { stopHard } from "./hard-stop.js";
import { BROKER_LIMITS } from "./limits.js";
import { makeLogger } from "./logger.js";
import type { RunningBroker } from "./running-broker.js";
import { type StartedBroker, startBroker } from "./serve.js";
import { version } from "./version.js";
import { boundYoungGeneration } from "./young-generation.js";

/** Serves until a signal asks to stop. Says on stdout, in one line of JSON, where it serves. */
export async function runServe({ config, unknownVariables }: LoadedConfig): Promise<void> {
  const log = makeLogger(config.logLevel);
  for (const variable of unknownVariables) {
    log.warn({ event: "unknown_variable", variable }, "not a setting of the broker; misspelt?");
  }
  const threads = Number(process.env["UV_THREADPOOL_SIZE"] ?? Number.NaN);
  if (!(threads >= BROKER_LIMITS.threadPoolSize)) {
    log.warn(
      { event: "few_threads", threads, wanted: BROKER_LIMITS.threadPoolSize },
      "too few threads for the file system: start main.cjs, and set no lower UV_THREADPOOL_SIZE",
    );
  }
  // The program is loaded. Recovery decodes much: a small generation would be collected twice as often.
  boundYoungGeneration();
  const started = await startBroker(config, log);
  // Whoever reads the line may send a signal at once, so its handlers come first.
  const stopped = stopOnSignal(started.broker, config.shutdownGraceMs, log);
  const line = startLine(started);
  log.info(line, "serving");
  process.stdout.write(`${JSON.stringify(line)}\n`);
  await stopped;
  // Everything is closed; a timer that is still set must not keep a stopped broker alive.
  process.exit(EXIT_CODES.OK);
}

function startLine({ addresses, namespaces }: StartedBroker) {
  const { info } = namespaces.first;
  return {
    event: "serving",
    grpc: formatAddress(addresses.grpc),
    http: formatAddress(addresses.http),
    index: info.indexEngine,
    journal: info.journal,
    start_number: info.startNumber,
    recovered_sequence: info.recoveredSequence.toString(),
    replayed_entries: info.replayedEntries,
    torn_bytes: info.tornBytes,
    rebuilt: info.rebuilt ?? null,
    namespaces: namespaces.names,
    version,
  };
}

function stopOnSignal(broker: RunningBroker, graceMs: number, log: Logger): Promise<void> {
  return new Promise((resolve, reject) => {
    let isStopping = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (isStopping) {
        log.warn({ event: "stopped_hard", signal }, "asked twice: stopping at once");
        stopHard();
        return;
      }
      isStopping = true;
      log.info({ event: "stopping", signal, grace_ms: graceMs }, "stopping");
      const grace = setTimeout(() => {
        log.error(
          { event: "stopped_hard", grace_ms: graceMs },
          "the grace ended: stopping at once",
        );
        stopHard();
      }, graceMs);
      broker.stop().then(() => {
        clearTimeout(grace);
        log.info({ event: "stopped" }, "stopped");
        process.off("SIGTERM", onSignal);
        process.off("SIGINT", onSignal);
        resolve();
      }, reject);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}
