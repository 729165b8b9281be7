import {
  CRASH_MODES,
  type CrashMode,
  type DiskFault,
  type SeededRandom,
  type SimulatedDisk,
} from "@opendxa/pubsub-simulated";
import { STRIKE_WITHIN_OPERATIONS } from "./limits.js";
import { INDEX_FATES, type IndexFate } from "./simulated-engine.js";

/** How a life ends. */
export interface FaultPlan {
  /** What strikes first. */
  readonly strike: "kill" | "power-cut" | "disk-fault" | "clean-stop";
  /** Operations of the disk until it strikes. */
  readonly afterOperations: number;
  /** The fault of the disk, where one strikes. */
  readonly fault: DiskFault | undefined;
  /** What a loss of power leaves of what was not synced. */
  readonly mode: CrashMode;
  /** What becomes of the index. */
  readonly index: IndexFate;
  /** How far the wall clock jumps while nobody runs, in milliseconds; may be negative. */
  readonly clockJumpMs: number;
  /** Operations of recovery after which the power goes once more; absent: it stays. */
  readonly secondCutAfter: number | undefined;
}

const FAULTS: readonly Omit<DiskFault, "nth">[] = [
  { operation: "write", code: "EIO", leaves: "nothing" },
  { operation: "write", code: "EIO", leaves: "prefix" },
  { operation: "write", code: "EIO", leaves: "pages" },
  { operation: "write", code: "ENOSPC", leaves: "prefix" },
  { operation: "datasync", code: "EIO" },
  { operation: "sync", code: "EIO" },
  { operation: "syncDirectory", code: "EIO" },
  { operation: "create", code: "ENOSPC" },
  { operation: "rename", code: "EIO" },
  { operation: "unlink", code: "EIO" },
  { operation: "read", code: "EIO" },
];

const STRIKES: readonly FaultPlan["strike"][] = [
  "kill",
  "power-cut",
  "power-cut",
  "disk-fault",
  "clean-stop",
];

const HOUR_MS = 3_600_000;

function oneOf<T>(random: SeededRandom, choices: readonly T[]): T {
  return choices[random.nextInt(0, choices.length - 1)] as T;
}

/** Decides how a life ends. */
export function planFaults(random: SeededRandom): FaultPlan {
  const strike = oneOf(random, STRIKES);
  const afterOperations = random.nextInt(0, STRIKE_WITHIN_OPERATIONS);
  const kind = oneOf(random, FAULTS);
  const isRare = kind.operation !== "write" && kind.operation !== "datasync";
  const nth = random.nextInt(1, isRare ? 6 : STRIKE_WITHIN_OPERATIONS / 2);
  return {
    strike,
    afterOperations,
    fault: strike === "disk-fault" ? { ...kind, nth } : undefined,
    // The system outlives a killed process, and its cache with it.
    mode: strike === "kill" || strike === "clean-stop" ? "keep" : oneOf(random, CRASH_MODES),
    index: oneOf(random, INDEX_FATES),
    clockJumpMs: random.nextInt(-2, 2) * HOUR_MS,
    secondCutAfter: random.nextBoolean(0.25) ? random.nextInt(0, 12) : undefined,
  };
}

/** Lets a plan strike from now on. */
export function arm(plan: FaultPlan, disk: SimulatedDisk): void {
  const isCut = plan.strike === "power-cut" || plan.strike === "kill";
  if (isCut) disk.cutAfterOperations(plan.afterOperations);
  if (plan.fault !== undefined) disk.inject(plan.fault);
}
