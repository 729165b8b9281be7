import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SeedRange } from "../seed-range.js";
import { failureLine, outcomeOf, type SeedOutcome } from "./seed-outcome.js";

/** Hears of each seed when it has ended. */
type Listener = (outcome: SeedOutcome) => void;

/** Runs shards at the same time, each in a process of its own where there are several. */
export async function simulateShards(shards: readonly SeedRange[], ended: Listener): Promise<void> {
  if (shards.length > 1) {
    await Promise.all(shards.map((shard) => simulateInProcess(shard, ended)));
    return;
  }
  for (const { first, count } of shards) {
    for (let seed = first; seed < first + count; seed += 1) ended(await outcomeOf(seed));
  }
}

/** Seeds that a process leaves behind count as failed: nothing was shown of them. */
function simulateInProcess({ first, count }: SeedRange, ended: Listener): Promise<void> {
  const file = fileURLToPath(new URL("./simulate-child.js", import.meta.url));
  const child = fork(file, ["--seeds", String(count), "--seed", String(first)]);
  let next = first;
  child.on("message", (outcome: SeedOutcome) => {
    next = outcome.seed + 1;
    ended(outcome);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      const why = `       its process ended with ${signal ?? code}`;
      for (let seed = next; seed < first + count; seed += 1) {
        ended({ seed, failure: [failureLine(seed), why] });
      }
      resolve();
    });
  });
}
