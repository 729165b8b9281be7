import { Relay, type RunningBroker } from "@opendxa/pubsub-testkit";
import type { Case, Step } from "./case-file.js";
import type { Answer } from "./driver-process.js";
import type { Drivers } from "./drivers.js";
import { mismatches } from "./pattern.js";
import { resolveReferences } from "./references.js";

/** What a case runs against. */
export interface Stage {
  /** The broker; a case may restart it. */
  readonly broker: Pick<RunningBroker, "address" | "kill" | "restart" | "signal">;
  /** The client libraries. */
  readonly driver: Pick<Drivers, "ask" | "kill">;
  /** Part of every name, so that runs do not meet. */
  readonly scope: string;
}

/** Runs one case. @returns what was wrong in its first failing step; undefined when it passed */
export async function runCase({ steps }: Case, stage: Stage): Promise<string | undefined> {
  const saved = new Map<string, unknown>([
    ["scope", stage.scope],
    ["now_unix_ms", String(Date.now())],
  ]);
  const relay = await Relay.open(stage.broker.address);
  saved.set("relay_address", relay.address);
  try {
    for (const [index, step] of steps.entries()) {
      const running = runStep(step, { ...stage, relay }, saved);
      const wrong = await running.catch((error: unknown) => [String(error)]);
      if (wrong.length > 0) return `step ${index + 1} (${step.do}): ${wrong.join("; ")}`;
    }
    return undefined;
  } finally {
    await relay.close();
  }
}

async function runStep(
  step: Step,
  stage: Stage & { readonly relay: Relay },
  saved: Map<string, unknown>,
): Promise<string[]> {
  if (step.do === "restart_broker") {
    await stage.broker.kill("SIGKILL");
    await stage.broker.restart();
    return [];
  }
  if (step.do === "pause_broker" || step.do === "resume_broker") {
    stage.broker.signal(step.do === "pause_broker" ? "SIGSTOP" : "SIGCONT");
    return [];
  }
  if (step.do === "stall_relay") {
    stage.relay.stall();
    return [];
  }
  if (step.do === "kill_client") {
    await stage.driver.kill(step.client);
    return [];
  }
  const answer = await stage.driver.ask(step.do, step.client, resolveReferences(step.with, saved));
  if (step.error !== undefined) return expectError(answer, resolveReferences(step.error, saved));
  if ("error" in answer) return [`refused: ${JSON.stringify(answer.error)}`];
  if (step.save !== undefined) saved.set(step.save, answer.ok);
  return mismatches(resolveReferences(step.expect ?? {}, saved), answer.ok ?? {});
}

function expectError(answer: Answer, pattern: unknown): string[] {
  if ("error" in answer) return mismatches(pattern, answer.error, "error");
  return [`expected the error ${JSON.stringify(pattern)}, got ${JSON.stringify(answer.ok)}`];
}
