import { PubSubError } from "@opendxa/pubsub-protocol";
import { expect, it } from "vitest";
import { agreeHeartbeat, Heartbeats } from "./heartbeats.js";

function start() {
  const seen: string[] = [];
  let tick: () => void = () => undefined;
  let periodMs = 0;
  const ticker = {
    every(every: number, run: () => void) {
      periodMs = every;
      tick = run;
      return () => {
        tick = () => undefined;
      };
    },
  };
  const heartbeats: Heartbeats = new Heartbeats(4_000, ticker, {
    send() {
      seen.push("sent");
      heartbeats.noteSent();
    },
    missed: () => seen.push("missed"),
  });
  return { heartbeats, seen, tick: () => tick(), periodMs: () => periodMs };
}

it("sends a heartbeat when nothing else was sent for one, and none otherwise", () => {
  const { heartbeats, seen, tick, periodMs } = start();
  expect(periodMs()).toBe(2_000);
  tick();
  heartbeats.noteSent();
  tick();
  expect(seen).toEqual([]);
  tick();
  expect(seen).toEqual(["sent"]);
});

it("gives up after three silent heartbeats, not before, and once", () => {
  const { heartbeats, seen, tick } = start();
  const missed = () => seen.filter((what) => what === "missed").length;
  for (let index = 0; index < 6; index += 1) tick();
  heartbeats.noteReceived();
  for (let index = 0; index < 6; index += 1) tick();
  expect(missed()).toBe(0);
  tick();
  tick();
  expect(missed()).toBe(1);
});

it("keeps what a client proposes within the contract's bounds", () => {
  expect(agreeHeartbeat(0, 5_000)).toBe(5_000);
  expect(agreeHeartbeat(1_000, 5_000)).toBe(1_000);
  expect(agreeHeartbeat(60_000, 5_000)).toBe(60_000);
  for (const wrong of [999, 60_001]) {
    expect(() => agreeHeartbeat(wrong, 5_000)).toThrow(PubSubError);
  }
});
