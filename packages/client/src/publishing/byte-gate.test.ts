import { expect, it } from "vitest";
import { ByteGate } from "./byte-gate.js";

it("lets in what fits, in turn, and lets one thing always in", async () => {
  const gate = new ByteGate(10);
  expect(gate.tryEnter(25)).toBe(true);
  const order: string[] = [];
  const first = gate.enter(6, 1_000).then(() => order.push("first"));
  const second = gate.enter(4, 1_000).then(() => order.push("second"));
  expect(gate.tryEnter(1)).toBe(false);
  gate.leave(25);
  await Promise.all([first, second]);
  expect(order).toEqual(["first", "second"]);
  expect(gate.held).toBe(10);
});

it("refuses with BUFFER_FULL at the deadline, and at once when the line is full", async () => {
  const gate = new ByteGate(10);
  gate.tryEnter(10);
  const waiting = gate.enter(8, 100);
  await expect(gate.enter(3, 100)).rejects.toMatchObject({
    reason: "BUFFER_FULL",
    metadata: { field: "unackedBytesMax", limit: "10" },
  });
  gate.sweep(99);
  expect(gate.hasWaiters).toBe(true);
  gate.sweep(100);
  await expect(waiting).rejects.toMatchObject({ reason: "BUFFER_FULL" });
  expect(gate.hasWaiters).toBe(false);
});
