import type { HistoryFigures } from "../history/checker/figures.js";
import { parseSeedRange } from "../seed-range.js";
import { simulate } from "./simulation.js";

/** Seeds where none are asked for. */
const SEEDS_DEFAULT = 100;
/** Faults of one seed that are printed. */
const FAULTS_PRINTED_MAX = 10;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const { first, count } = parseSeedRange(process.argv.slice(2), SEEDS_DEFAULT);
const startedMs = performance.now();
const totals: Partial<Record<keyof HistoryFigures, number>> = {};
let failed = 0;
for (let seed = first; seed < first + count; seed += 1) {
  const { faults, figures, folder } = await simulate(seed);
  for (const [name, value] of Object.entries(figures ?? {})) {
    const key = name as keyof HistoryFigures;
    totals[key] = (totals[key] ?? 0) + value;
  }
  if (faults.length > 0) {
    failed += 1;
    say(`FAIL seed ${seed}; again: npm run simulate -- --seeds 1 --seed ${seed}`);
    for (const fault of faults.slice(0, FAULTS_PRINTED_MAX)) say(`       ${fault}`);
    say(`       ${faults.length} in all; its history: ${folder}`);
  }
  if ((seed - first + 1) % 100 === 0) say(`seeds ${first} to ${seed}: ${failed} failed`);
}
const { published, acked, delivered, redelivered, owed = 0, paid = 0, brokerKills } = totals;
say(`published ${published}, acked ${acked}, delivered ${delivered}, redelivered ${redelivered}`);
say(`nacked ${totals.nacked}, dead-lettered ${totals.deadLettered}, keys ${totals.keys}`);
say(`delivered/acked ${(paid / owed).toFixed(6)} (${paid} of ${owed}); ${brokerKills} crashes`);
say(`${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
say(`${count - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
