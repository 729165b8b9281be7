import { counts, sumCounts, sumLine } from "./counts.mjs";
import { Unavailable } from "./python.mjs";

/**
 * @typedef {object} Leg
 * @property {string} name what `--only` takes
 * @property {string} group several legs that `--only` takes together
 * @property {string} title what it proves, in a few words
 * @property {() => Promise<import("./counts.mjs").counts>} run
 */

/** The legs that `--only` names, by name or group. */
export function selectLegs(legs, only) {
  if (only === undefined) return legs;
  const wanted = only.split(",");
  const selected = legs.filter((leg) => wanted.includes(leg.name) || wanted.includes(leg.group));
  if (selected.length > 0) return selected;
  const known = [...new Set(legs.flatMap((leg) => [leg.group, leg.name]))];
  throw new Error(`--only takes one or more of: ${known.join(", ")}`);
}

async function runLeg(leg) {
  try {
    return await leg.run();
  } catch (error) {
    if (error instanceof Unavailable) return counts({ skipped: [`${leg.name}: ${error.message}`] });
    console.log(error instanceof Error ? error.message : String(error));
    return counts({ failed: 1 });
  }
}

function verdict({ failed, skipped, passed }) {
  if (failed > 0) return "FAILED";
  return passed === 0 && skipped.length > 0 ? "skipped" : "ok";
}

/**
 * Runs legs one after the other and prints a heading, the result and the duration of each, then the sum.
 *
 * @param {Leg[]} legs
 * @param {string} again how a user starts one of them, before `--only`
 * @returns {Promise<boolean>} whether nothing failed
 */
export async function runLegs(legs, again) {
  const results = [];
  for (const leg of legs) {
    console.log(`\n── ${leg.name}: ${leg.title}`);
    const started = performance.now();
    const result = await runLeg(leg);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`   ${verdict(result)}: ${sumLine(result)} (${seconds} s)`);
    results.push({ leg, result });
  }
  const sum = sumCounts(results.map(({ result }) => result));
  console.log("");
  for (const reason of sum.skipped) console.log(`skipped: ${reason}`);
  for (const { leg, result } of results) {
    if (result.failed > 0) console.log(`failed: ${leg.name} (again: ${again} --only ${leg.name})`);
  }
  console.log(sumLine(sum));
  return sum.failed === 0;
}
