import { expect, it } from "vitest";
import { withHeartbeats } from "./wait-heartbeats.js";

it("repeats the stored wait while it is quiet and ends with the outcome", async () => {
  let beat: () => void = () => undefined;
  let isStopped = false;
  const ticker = {
    every(_periodMs: number, tick: () => void) {
      beat = tick;
      return () => {
        isStopped = true;
      };
    },
  };
  let resolveOutcome: (outcome: string) => void = () => undefined;
  const outcome = new Promise<string>((resolve) => {
    resolveOutcome = resolve;
  });
  async function* source() {
    yield "wait";
    yield await outcome;
  }
  const items = withHeartbeats(source(), ticker, 1_000);
  expect((await items.next()).value).toBe("wait");
  const second = items.next();
  beat();
  expect((await second).value).toBe("wait");
  const third = items.next();
  resolveOutcome("outcome");
  expect((await third).value).toBe("outcome");
  expect((await items.next()).done).toBe(true);
  expect(isStopped).toBe(true);
});
