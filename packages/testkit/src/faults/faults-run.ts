import { parseArgs } from "node:util";
import { runControls } from "./controls.js";
import { runDamage } from "./damage-run.js";
import { runFaults } from "./fault-run.js";
import { FAULTS_PRINTED_MAX } from "./limits.js";

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${name} must be a whole number`);
  return Number(text);
}

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
  },
});
const first = wholeNumber("seed", values.seed);
const count = wholeNumber("seeds", values.seeds);
const startedMs = performance.now();
const endings = new Map<string, number>();
let acked = 0;
let failed = 0;

function note(seed: number, faults: readonly string[]): void {
  if (faults.length === 0) return;
  failed += 1;
  say(`FAIL seed ${seed}; again: npm run faults -- --seeds 1 --seed ${seed}`);
  for (const fault of faults.slice(0, FAULTS_PRINTED_MAX)) say(`       ${fault}`);
}

for (let seed = first; seed < first + count; seed += 1) {
  const run = await runFaults(seed);
  acked += run.acked;
  for (const ending of run.endings) endings.set(ending, (endings.get(ending) ?? 0) + 1);
  const damage = await runDamage(seed);
  for (const ending of damage.endings) endings.set(ending, (endings.get(ending) ?? 0) + 1);
  note(seed, [...run.faults, ...damage.faults]);
  if ((seed - first + 1) % 100 === 0) say(`seeds ${first} to ${seed}: ${failed} failed`);
}
const controls = await runControls();
for (const { name, isNoticed } of controls) {
  say(`${isNoticed ? "ok  " : "FAIL"} negative control: ${name} is noticed`);
  if (!isNoticed) failed += 1;
}
const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
say(`${acked} events acknowledged and found again; ${seconds} s`);
for (const [ending, times] of [...endings].sort()) say(`  ${ending}: ${times}`);
say(`${count + controls.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
