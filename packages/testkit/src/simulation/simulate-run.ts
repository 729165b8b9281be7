import { availableParallelism } from "node:os";
import type { HistoryFigures } from "../history/checker/figures.js";
import { parseSeedRange, seedRangeOfProcess, splitRange } from "../seed-range.js";
import { simulateShards } from "./simulate-shards.js";

/** Seeds where none are asked for. */
const SEEDS_DEFAULT = 100;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const range = seedRangeOfProcess((args) => parseSeedRange(args, SEEDS_DEFAULT));
const startedMs = performance.now();
const totals: Partial<Record<keyof HistoryFigures, number>> = {};
let ended = 0;
let failed = 0;
await simulateShards(splitRange(range, availableParallelism()), ({ failure, figures }) => {
  for (const [name, value] of Object.entries(figures ?? {})) {
    const key = name as keyof HistoryFigures;
    totals[key] = (totals[key] ?? 0) + value;
  }
  ended += 1;
  if (failure.length > 0) failed += 1;
  for (const line of failure) say(line);
  if (ended % 100 === 0) say(`${ended} of ${range.count} seeds: ${failed} failed`);
});
const { published, acked, delivered, redelivered, owed = 0, paid = 0, brokerKills } = totals;
say(`published ${published}, acked ${acked}, delivered ${delivered}, redelivered ${redelivered}`);
say(`nacked ${totals.nacked}, dead-lettered ${totals.deadLettered}, skipped ${totals.skipped}`);
say(`keys ${totals.keys}, broker crashes ${brokerKills}`);
say(`delivered/acked ${(paid / owed).toFixed(6)} (${paid} of ${owed})`);
say(`${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
say(`${range.count - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
