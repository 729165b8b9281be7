import { expect, it } from "vitest";
import { SeededRandom } from "./seeded-random.js";
import { SimulatedDisk } from "./simulated-disk.js";
import { slowDisk } from "./slow-disk.js";
import { VirtualClock } from "./virtual-clock.js";

it("lets operations of a disk and of its files take time, with the results of the disk itself", async () => {
  const clock = new VirtualClock();
  const inner = new SimulatedDisk({ seed: 1 });
  const random = new SeededRandom(1);
  const disk = slowDisk(inner, { clock, random, operationMs: [2, 9] });
  let isDone = false;
  const work = (async () => {
    await disk.mkdir("/a");
    const file = await disk.open("/a/f", "create");
    await file.close();
    isDone = true;
    return await disk.readdir("/a");
  })();
  await clock.advanceAsync(5);
  expect(isDone).toBe(false);
  await clock.advanceAsync(100);
  expect(isDone).toBe(true);
  expect(await work).toEqual(["f"]);
  expect(disk.generation).toBe(inner.generation);
});
