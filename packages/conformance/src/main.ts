#!/usr/bin/env node
import { startBroker } from "@opendxa/pubsub-testkit";
import { type Case, loadCases } from "./case-file.js";
import { DriverProcess } from "./driver-process.js";
import { type Language, languages } from "./languages.js";
import { runCase } from "./run-case.js";

const totals = { passed: 0, failed: 0, skipped: 0 };

/** All cases against one client library, on a broker of its own. */
async function runLanguage({ name, command }: Language, cases: readonly Case[]): Promise<void> {
  const broker = await startBroker();
  const env = { OPENDXA_PUBSUB_ADDRESS: broker.address };
  try {
    for (const one of cases) {
      const driver = new DriverProcess(command, env);
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

const cases = loadCases();
for (const language of languages()) {
  if (language.missing === undefined) await runLanguage(language, cases);
  else {
    totals.skipped += 1;
    console.log(`skipped: conformance of ${language.name}: ${language.missing}`);
  }
}
const { passed, failed, skipped } = totals;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;
