import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fillFolder, type RepairReport, repairNamespace } from "@opendxa/pubsub-engine";
import { type IndexStore, IndexStoreError, openIndexStore } from "@opendxa/pubsub-index-store";
import { NodeDisk } from "@opendxa/pubsub-journal";
import type { LoadedConfig } from "../config/load-config.js";
import { takeDataFolder } from "../data-folder.js";
import { random, timers } from "../engines/open-namespace.js";
import { makeLogger } from "../logger.js";
import { version } from "../version.js";
import { withIndexView } from "./index-view.js";
import { orRefuse } from "./offline-refusal.js";
import { storedNamespaces } from "./stored-namespaces.js";
import { withTemporaryIndex } from "./temporary-index.js";

/** File beside the repaired namespaces that says what was lost. */
const REPORT_NAME = "repair-report.json";

/**
 * Saves what is sound of a damaged data folder into a new one, which can be served; the damaged one
 * is only read. What was lost stands in `repair-report.json`, a summary on stdout in one line of
 * JSON.
 *
 * @throws StartError where a broker runs on the folder, the new one is not empty, or the loss is
 *   one that no state can be told from
 */
export async function runRepair(loaded: LoadedConfig, target: string): Promise<void> {
  const { config } = loaded;
  const to = resolve(target);
  const namespaces = storedNamespaces(resolve(config.data));
  const { path, lock } = await takeDataFolder(config.data);
  try {
    const reports = new Map<string, RepairReport>();
    await orRefuse(to, () =>
      fillFolder(new NodeDisk(), to, async () => {
        for (const name of namespaces) {
          reports.set(name, await repairOne(loaded, join(path, name), join(to, name)));
        }
        const report = { format: 1, version, from: path, namespaces: Object.fromEntries(reports) };
        const text = `${JSON.stringify(report, undefined, 2)}\n`;
        writeFileSync(join(to, REPORT_NAME), text, { flush: true });
      }),
    );
    summarize(to, reports);
  } finally {
    await lock.release();
  }
}

async function repairOne(
  { config }: LoadedConfig,
  from: string,
  to: string,
): Promise<RepairReport> {
  const log = makeLogger(config.logLevel);
  let hasBegun = false;
  const repair = async (damagedIndex?: IndexStore): Promise<RepairReport> => {
    hasBegun = true;
    return await repairNamespace({
      disk: new NodeDisk(),
      from,
      to,
      timers,
      random,
      damagedIndex,
      openIndex: (folder) => openIndexStore({ folder, prefer: config.index, log: () => undefined }),
      withIndex: (use) => withTemporaryIndex(config.index, use),
      log: {
        warn: (message, fields) => log.warn(fields, message),
        info: (message, fields) => log.info(fields, message),
      },
    });
  };
  try {
    return await withIndexView(join(from, "index"), config.index, repair);
  } catch (error) {
    // An index that does not open only leaves out what lost entries held.
    if (hasBegun || !(error instanceof IndexStoreError)) throw error;
    return await repair();
  }
}

function summarize(to: string, reports: ReadonlyMap<string, RepairReport>): void {
  const namespaces = [...reports].map(([name, { journal, lost, stateLost }]) => ({
    name,
    entries: journal.entries,
    last_sequence: journal.lastSequence,
    lost_ranges: lost.length,
    lost_bytes: journal.lostBytes,
    lost_events: lost.every(({ events }) => events !== undefined)
      ? lost.reduce((sum, { events = 0 }) => sum + events, 0)
      : null,
    state_lost_ranges: stateLost.length,
  }));
  const report = join(to, REPORT_NAME);
  process.stdout.write(`${JSON.stringify({ event: "repaired", to, report, namespaces })}\n`);
  const isWhole = namespaces.every(({ lost_ranges: ranges }) => ranges === 0);
  process.stderr.write(
    `opendxa-pubsub: What is sound lies in ${to}; ${isWhole ? "nothing was lost" : `what was lost stands in ${report}`}. Serve it with --data ${to}, and keep the damaged folder until you need it no more.\n`,
  );
}
