import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { CheckpointWatch, type Writing } from "./checkpoint-watch.js";

/** The system tells of a file when it comes to it. */
const EVENT_WAIT_MS = 20_000;

it("sees the life of an incomplete file, and no complete one", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bench-watch-"));
  const watch = new CheckpointWatch(folder);
  try {
    const before = performance.timeOrigin + performance.now();
    await writeFile(join(folder, "a.delta.tmp"), "records");
    await rename(join(folder, "a.delta.tmp"), join(folder, "a.delta"));
    await writeFile(join(folder, "last"), "");
    const seen: Writing[] = [];
    await vi.waitFor(
      () => {
        seen.push(...watch.take());
        expect(seen.length).toBeGreaterThan(0);
      },
      { timeout: EVENT_WAIT_MS },
    );
    expect(seen[0]!.from).toBeGreaterThanOrEqual(before);
    expect(seen[0]!.to).toBeGreaterThanOrEqual(seen[0]!.from);
    expect(new Set(seen.map(({ name }) => name))).toEqual(new Set(["a.delta.tmp"]));
  } finally {
    watch.close();
    await rm(folder, { recursive: true });
  }
});
