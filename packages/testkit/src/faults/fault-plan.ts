import { PubSubError } from "@opendxa/pubsub-protocol";
import {
  CRASH_MODES,
  type CrashMode,
  type DiskFault,
  type SeededRandom,
  type SimulatedDisk,
  SimulatedDiskError,
} from "@opendxa/pubsub-simulated";
import { INDEX_FATES, type IndexFate } from "./index-fate.js";
import { FULL_DISK_BYTES_MAX, READ_FAULT_WITHIN, STRIKE_WITHIN_OPERATIONS } from "./limits.js";

/** How a life ends. */
export interface FaultPlan {
  /** What strikes first. */
  readonly strike: "kill" | "power-cut" | "disk-fault" | "full-disk" | "clean-stop";
  /** Operations of the disk until it strikes. */
  readonly afterOperations: number;
  /** The fault of the disk, where one strikes. */
  readonly fault: DiskFault | undefined;
  /** Bytes that are left on the disk, where it gets full. */
  readonly roomBytes: number;
  /** The disk takes its time. */
  readonly isSlow: boolean;
  /** What a loss of power leaves of what was not synced. */
  readonly mode: CrashMode;
  /** What becomes of the index. */
  readonly index: IndexFate;
  /** How far the wall clock jumps while nobody runs, in milliseconds; may be negative. */
  readonly clockJumpMs: number;
  /** Operations of recovery after which the power goes once more; absent: it stays. */
  readonly secondCutAfter: number | undefined;
  /** Which read of recovery fails; absent: none. */
  readonly unreadable: number | undefined;
}

const FAULTS: readonly Omit<DiskFault, "nth">[] = [
  { operation: "write", code: "EIO", leaves: "nothing" },
  { operation: "write", code: "EIO", leaves: "prefix" },
  { operation: "write", code: "EIO", leaves: "pages" },
  { operation: "write", code: "ENOSPC", leaves: "nothing" },
  { operation: "write", code: "ENOSPC", leaves: "prefix" },
  { operation: "datasync", code: "EIO" },
  { operation: "sync", code: "EIO" },
  { operation: "syncDirectory", code: "EIO" },
  { operation: "truncate", code: "EIO" },
  { operation: "create", code: "ENOSPC" },
  { operation: "create", code: "EIO" },
  { operation: "rename", code: "EIO" },
  { operation: "unlink", code: "EIO" },
  { operation: "read", code: "EIO" },
];

const STRIKES: readonly FaultPlan["strike"][] = [
  "kill",
  "power-cut",
  "power-cut",
  "disk-fault",
  "disk-fault",
  "full-disk",
  "clean-stop",
];

const HOUR_MS = 3_600_000;
/** More than the four days that a broker may have been off without doubting its clock. */
const DOUBTED_MS = 5 * 24 * HOUR_MS;

function oneOf<T>(random: SeededRandom, choices: readonly T[]): T {
  return choices[random.nextInt(0, choices.length - 1)] as T;
}

/** Mostly hours, now and then days. */
function planJump(random: SeededRandom): number {
  if (random.nextBoolean(0.1)) return random.nextBoolean() ? DOUBTED_MS : -DOUBTED_MS;
  return random.nextInt(-2, 2) * HOUR_MS;
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
    roomBytes: random.nextInt(0, FULL_DISK_BYTES_MAX),
    isSlow: random.nextBoolean(0.25),
    // The system outlives a killed process, and its cache with it.
    mode: strike === "kill" || strike === "clean-stop" ? "keep" : oneOf(random, CRASH_MODES),
    index: oneOf(random, INDEX_FATES),
    clockJumpMs: planJump(random),
    secondCutAfter: random.nextBoolean(0.25) ? random.nextInt(0, 12) : undefined,
    unreadable: random.nextBoolean(0.25) ? random.nextInt(1, READ_FAULT_WITHIN) : undefined,
  };
}

/** Lets a plan strike from now on. */
export function arm(plan: FaultPlan, disk: SimulatedDisk): void {
  const isCut = plan.strike === "power-cut" || plan.strike === "kill";
  if (isCut) disk.cutAfterOperations(plan.afterOperations);
  if (plan.fault !== undefined) disk.inject(plan.fault);
  if (plan.strike === "full-disk") disk.resize(disk.usedBytes() + plan.roomBytes);
}

/** Whether an error comes from what the disk did. */
function isOfDisk(error: unknown): boolean {
  if (error instanceof SimulatedDiskError) return true;
  return error instanceof Error && isOfDisk(error.cause);
}

/** Whether something may end with this error by a plan: typed, and for the disk's sake. */
export function isExpected({ strike }: FaultPlan, error: unknown): boolean {
  if (!(error instanceof PubSubError) || strike === "clean-stop") return false;
  return ["STORAGE_FAILED", "DATA_CORRUPT"].includes(error.reason) && isOfDisk(error);
}
