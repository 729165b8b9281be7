import { encodeBatch, FRAME_BATCHES_MAX, PublishFrame } from "@opendxa/pubsub-protocol";
import { expect, it, vi } from "vitest";
import {
  publishCreditBytesMax,
  publishCreditBytesMin,
  turnEntriesMax,
  unsyncedBytesMax,
} from "./limits.js";
import { World } from "./test/world.js";

const dataBytes = 900 * 1_024;

it("shrinks with what waits for the disk, refuses beyond the bound, and comes back", async () => {
  const made = new World();
  const engine = await made.open();
  await engine.createTopic("t", undefined);
  expect(engine.publishCredit()).toBe(publishCreditBytesMax);
  const events = [{ id: "a", type: "t", data: Buffer.alloc(dataBytes) }];
  const batch = encodeBatch({ topic: "t", partition: 0, events, defaults: { source: "/s" } });
  const frame = PublishFrame.create({ batches: [batch] });
  const credits: number[] = [];
  const published: Promise<unknown>[] = [];
  for (let bytes = 0; bytes + dataBytes < unsyncedBytesMax - dataBytes; bytes += dataBytes) {
    published.push(engine.publish(frame));
    credits.push(engine.publishCredit());
  }
  expect(credits.every((credit, i) => i === 0 || credit <= (credits[i - 1] ?? 0))).toBe(true);
  expect(credits[Math.floor(credits.length / 2)]).toBeLessThan(publishCreditBytesMax * 0.6);
  expect(credits.at(-1)).toBe(publishCreditBytesMin);
  const beyond = [engine.publish(frame), engine.publish(frame)];
  const refused = { reason: "OVERLOADED", retryable: true, retryAfterMs: 100 };
  await expect(beyond[1]).rejects.toMatchObject(refused);
  await Promise.allSettled(beyond);
  await Promise.all(published);
  expect(engine.publishCredit()).toBe(publishCreditBytesMax);
});

it("stores more small batches at once than one append of the journal takes", async () => {
  const made = new World();
  const engine = await made.open();
  await engine.createTopic("t", undefined);
  const events = [{ id: "a", type: "t", data: new Uint8Array(0) }];
  const batch = encodeBatch({ topic: "t", partition: 0, events, defaults: { source: "/s" } });
  const frame = PublishFrame.create({ batches: Array(FRAME_BATCHES_MAX).fill(batch) });
  const frames = turnEntriesMax / FRAME_BATCHES_MAX + 1;
  const appends = vi.spyOn(made.journal!, "append");
  const results = await Promise.all(Array.from({ length: frames }, () => engine.publish(frame)));
  const last = BigInt(frames * FRAME_BATCHES_MAX - 1);
  expect(results.at(-1)?.at(-1)?.baseOffset).toBe(last);
  const sizes = appends.mock.calls.map(([entries]) => entries.length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(turnEntriesMax);
}, 30_000);
