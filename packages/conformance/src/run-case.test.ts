import { expect, test } from "vitest";
import type { Case } from "./case-file.js";
import type { Answer } from "./driver-process.js";
import { runCase, type Stage } from "./run-case.js";

function stageAnswering(answer: Answer): Stage {
  const broker = {
    address: "127.0.0.1:1",
    kill: async () => ({ code: null, signal: null }),
    restart: async () => undefined,
    signal: () => undefined,
  };
  const driver = { ask: async () => answer, kill: async () => undefined };
  return { broker, driver, scope: "s" };
}

function caseOf(step: Partial<Case["steps"][number]>): Case {
  const whole = { do: "publish", client: "main", with: {}, ...step };
  return { name: "one", title: "one", covers: ["S-N"], steps: [whole] };
}

const refused: Answer = { error: { reason: "TOPIC_NOT_FOUND", code: 5 } };

test("an answer that fits passes", async () => {
  const stage = stageAnswering({ ok: { offset: "1" } });
  expect(await runCase(caseOf({ expect: { offset: "<integer>" } }), stage)).toBeUndefined();
});

test("another answer fails, naming the step", async () => {
  const wrong = await runCase(caseOf({ expect: { offset: "2" } }), stageAnswering({ ok: {} }));
  expect(wrong).toContain("step 1 (publish): answer.offset");
});

test("an expected error passes with its reason alone", async () => {
  const stage = stageAnswering(refused);
  expect(await runCase(caseOf({ error: { reason: "TOPIC_NOT_FOUND" } }), stage)).toBeUndefined();
  expect(await runCase(caseOf({ error: { reason: "BAD_REQUEST" } }), stage)).toContain(
    "error.reason",
  );
});

test("an error that nobody expected and an expected one that is missing fail", async () => {
  expect(await runCase(caseOf({}), stageAnswering(refused))).toContain("refused");
  const expecting = caseOf({ error: { reason: "BAD_REQUEST" } });
  expect(await runCase(expecting, stageAnswering({ ok: {} }))).toContain("expected the error");
});
