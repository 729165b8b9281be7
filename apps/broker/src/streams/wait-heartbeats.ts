import type { Ticker } from "./heartbeats.js";

/**
 * Repeats the latest item of a quiet stream every heartbeat: of a wait that is the stored wait
 * without an outcome, so that its caller knows that the broker is there.
 */
export async function* withHeartbeats<Item>(
  source: AsyncIterable<Item>,
  ticker: Ticker,
  heartbeatMs: number,
): AsyncGenerator<Item> {
  const items = source[Symbol.asyncIterator]();
  let beat: () => void = () => undefined;
  const stop = ticker.every(heartbeatMs, () => beat());
  let latest: Item | undefined;
  let next = items.next();
  try {
    for (;;) {
      const due = new Promise<"beat">((resolve) => {
        beat = () => resolve("beat");
      });
      const first = await Promise.race([next, due]);
      if (first === "beat") {
        if (latest !== undefined) yield latest;
        continue;
      }
      if (first.done === true) return;
      latest = first.value;
      next = items.next();
      yield latest;
    }
  } finally {
    stop();
    next.catch(() => undefined);
    await items.return?.();
  }
}
