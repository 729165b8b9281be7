import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { BROKER_LIMITS } from "./limits.js";

function semiSpaceBytes(): number {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
  return (young?.space_size ?? 0) / 2;
}

/**
 * Lets V8's young generation grow once, fourfold, and holds it there. `main.cts` keeps it small
 * while modules load: their survivors would grow it to its full 2 x 16 MiB, which V8 never gives
 * back, and which a broker, whose payloads lie outside the heap, does not need.
 */
export function boundYoungGeneration(): void {
  setFlagsFromString("--semi-space-growth-factor=4");
  const observer = new PerformanceObserver(() => {
    if (semiSpaceBytes() < BROKER_LIMITS.semiSpaceBytes) return;
    setFlagsFromString("--semi-space-growth-factor=1");
    observer.disconnect();
  });
  observer.observe({ entryTypes: ["gc"] });
}
