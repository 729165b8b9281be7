import type { SeededRandom } from "./seeded-random.js";
import type { VirtualClock } from "./virtual-clock.js";

/** What makes a disk slow. */
export interface SlownessOptions {
  /** Passes the time. */
  readonly clock: VirtualClock;
  /** Draws it. */
  readonly random: SeededRandom;
  /** Shortest and longest time of one operation, in milliseconds. */
  readonly operationMs: readonly [min: number, max: number];
}

/**
 * Lets every operation of a disk, and of the files that it opens, take a time that the seed decides
 * before it begins: programs that wait for it are thereby interleaved in ever other ways. Works on
 * any object whose methods answer promises; methods that answer at once stay as they are.
 */
export function slowDisk<D extends object>(disk: D, options: SlownessOptions): D {
  return slowed(disk, options);
}

function slowed<T extends object>(target: T, options: SlownessOptions): T {
  const { clock, random, operationMs } = options;
  const pass = () =>
    new Promise<void>((resolve) => {
      const [min, max] = operationMs;
      clock.setTimer(resolve, min + random.nextFloat() * (max - min));
    });
  return new Proxy(target, {
    get: (object, property) => {
      const value: unknown = Reflect.get(object, property, object);
      if (typeof value !== "function") return value;
      return async (...values: unknown[]) => {
        await pass();
        const answer: unknown = await Reflect.apply(value, object, values);
        return property === "open" ? slowed(answer as object, options) : answer;
      };
    },
  });
}
