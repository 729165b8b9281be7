#!/usr/bin/env node
import { startBroker } from "@opendxa/pubsub-testkit";
import { loadCases } from "./case-file.js";
import { Drivers } from "./drivers.js";
import { type Language, languages } from "./languages.js";
import { runCase } from "./run-case.js";

const only = process.argv.slice(2);
const cases = loadCases().filter(({ name }) => only.length === 0 || only.includes(name));
if (cases.length === 0) throw new Error(`no case is named ${only.join(" ")}`);
const totals = { passed: 0, failed: 0, skipped: 0 };

/** All cases against one client library, on a broker of its own. */
async function runLanguage(language: Language, peer: Language): Promise<void> {
  const { name } = language;
  const broker = await startBroker();
  const env = { OPENDXA_PUBSUB_ADDRESS: broker.address };
  try {
    for (const one of cases) {
      const driver = new Drivers(language, peer, env);
      try {
        await driver.ready();
        const scope = `${name}-${one.name}`;
        const wrong = await runCase(one, { broker, driver, scope });
        totals[wrong === undefined ? "passed" : "failed"] += 1;
        const sentences = one.covers.join(" ");
        console.log(`${wrong === undefined ? "ok" : "FAILED"}: ${name} ${one.name} (${sentences})`);
        if (wrong !== undefined) console.log([`  ${wrong}`, ...driver.stderr].join("\n  "));
      } finally {
        await driver.stop();
      }
    }
  } finally {
    await broker.stop();
  }
}

const known = languages();
const present = known.filter(({ missing }) => missing === undefined);
for (const { name, missing } of known.filter((language) => language.missing !== undefined)) {
  totals.skipped += 1;
  console.log(`skipped: conformance of ${name}: ${missing}`);
}
for (const language of present) {
  await runLanguage(language, present.find((other) => other !== language) ?? language);
}
const { passed, failed, skipped } = totals;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;
