import { describe, expect, it } from "vitest";
import { WriteQueue } from "./write-queue.js";

describe("WriteQueue", () => {
  it("runs one write at a time in the order of the calls", async () => {
    const queue = new WriteQueue();
    const order: string[] = [];
    const slow = queue.add(async () => {
      order.push("slow begins");
      await new Promise((resolve) => setImmediate(resolve));
      order.push("slow ends");
    });
    const quick = queue.add(async () => {
      order.push("quick");
    });
    await Promise.all([slow, quick, queue.settled()]);
    expect(order).toEqual(["slow begins", "slow ends", "quick"]);
  });

  it("runs nothing after a failure, so that no hole can appear", async () => {
    const queue = new WriteQueue();
    const cause = new Error("no space left");
    const ran: number[] = [];
    const writes = [1, 2, 3].map((i) =>
      queue.add(async () => {
        ran.push(i);
        if (i === 2) throw cause;
      }),
    );
    const results = await Promise.allSettled(writes);
    expect(ran).toEqual([1, 2]);
    expect(results).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: { reason: "engine_failed", cause } },
      { status: "rejected", reason: { reason: "engine_failed", cause: { cause } } },
    ]);
    await expect(queue.settled()).rejects.toMatchObject({ reason: "engine_failed" });
    await expect(queue.add(async () => undefined)).rejects.toMatchObject({
      reason: "engine_failed",
    });
  });
});
