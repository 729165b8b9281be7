import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SYNC_BLOCK_BYTES } from "./limits.js";
import { percentile } from "./statistics.js";

/**
 * What the disk alone does to writes that come at a pace: p99, in milliseconds, from when each was due
 * until it was synced. Unlike one write after another this counts a stall of the disk for all that
 * waits meanwhile, as the events of a steady load do.
 */
export async function pacedWriteMsP99(
  folder: string,
  {
    writesPerSecond,
    durationMs,
  }: { readonly writesPerSecond: number; readonly durationMs: number },
): Promise<number> {
  const path = join(folder, "paced-writes.tmp");
  const file = await open(path, "w");
  try {
    const block = Buffer.alloc(SYNC_BLOCK_BYTES, 1);
    const count = (durationMs / 1_000) * writesPerSecond;
    const latencies: number[] = [];
    const begin = performance.now();
    for (let number = 0; number < count; number += 1) {
      const due = begin + (number * 1_000) / writesPerSecond;
      const early = due - performance.now();
      if (early > 0) await sleep(early);
      await file.write(block, 0, block.length, number * block.length);
      await file.datasync();
      latencies.push(performance.now() - due);
    }
    return percentile(latencies, 0.99);
  } finally {
    await file.close();
    await rm(path);
  }
}
