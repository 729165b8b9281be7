import { parseSeedRange } from "../seed-range.js";
import { outcomeOf } from "./seed-outcome.js";

const { first, count } = parseSeedRange(process.argv.slice(2), 0);
// Whoever asked for the seeds is gone: nobody would hear of them.
process.once("disconnect", () => process.exit());
for (let seed = first; process.connected && seed < first + count; seed += 1) {
  const outcome = await outcomeOf(seed);
  // The last one must have left before the process may end.
  await new Promise((resolve) => process.send?.(outcome, resolve));
}
if (process.connected) process.disconnect();
