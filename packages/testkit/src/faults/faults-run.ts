import { seedRangeOfProcess } from "../seed-range.js";
import { CONTROLS, isNoticed } from "./controls.js";
import { runDamage } from "./damage-run.js";
import { runFaults } from "./fault-run.js";
import { failureLines, parseSeeds, Totals } from "./report.js";

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const { first, count } = seedRangeOfProcess(parseSeeds);
const startedMs = performance.now();
const totals = new Totals();
let passed = 0;
let failed = 0;

for (let seed = first; seed < first + count; seed += 1) {
  const run = await runFaults(seed);
  const damage = await runDamage(seed);
  for (const ending of [...run.endings, damage.ending]) totals.add(`ended by ${ending}`);
  for (const [name, times] of Object.entries(run.tried)) totals.add(name, times);
  totals.add("events acknowledged and found again", run.acked);
  const faults = [...run.faults, ...damage.faults];
  if (faults.length === 0) passed += 1;
  else {
    failed += 1;
    for (const line of failureLines(seed, faults)) say(line);
  }
  if (count === 1) say(`history ${run.history} ${damage.history}`);
  if ((seed - first + 1) % 100 === 0) say(`seeds ${first} to ${seed}: ${failed} failed`);
}
for (const name of totals.neverTried(count)) {
  failed += 1;
  say(`FAIL ${name}: never happened in ${count} seeds, so nothing was shown of it`);
}
// Who repeats one seed wants to see that one.
for (const control of count === 1 ? [] : CONTROLS) {
  const hasPassed = await isNoticed(control);
  say(`${hasPassed ? "ok  " : "FAIL"} negative control: ${control.name} is noticed`);
  if (hasPassed) passed += 1;
  else failed += 1;
}
for (const [name, times] of totals.entries()) say(`  ${name}: ${times}`);
say(`${((performance.now() - startedMs) / 1_000).toFixed(1)} s`);
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
