import { runDamage } from "./damage-run.js";
import type { Defects } from "./defects.js";
import { runFaults } from "./fault-run.js";
import { CONTROL_SEEDS_MAX } from "./limits.js";

/** A deliberate defect, which the matrix must notice: one that it did not would prove nothing. */
export interface Control {
  /** The defect, in words. */
  readonly name: string;
  /** The defect. */
  readonly defects: Defects;
  /** Where looking begins: a seed that noticed it once, so that the search is short. */
  readonly firstSeed: number;
}

/** All negative controls. */
export const CONTROLS: readonly Control[] = [
  { name: "a disk that ignores the fsync of files", defects: { noFsync: true }, firstSeed: 1 },
  {
    name: "a disk that ignores the fsync of directories",
    defects: { noDirectoryFsync: true },
    firstSeed: 1,
  },
  {
    name: "an index whose chain is not checked",
    defects: { noChainCheck: true },
    firstSeed: 1,
  },
  {
    name: "a journal whose checksums are not checked",
    defects: { noChecksum: true },
    firstSeed: 3,
  },
  {
    name: "a retention that does not hear of executions",
    defects: { noHolds: true },
    firstSeed: 1,
  },
  {
    name: "expired events that the entry does not count",
    defects: { noExpiredCounts: true },
    firstSeed: 1,
  },
  {
    name: "expired events that the entry counts twice",
    defects: { twiceExpiredCounts: true },
    firstSeed: 1,
  },
  {
    name: "a topic deleted in memory and not in the entry",
    defects: { noDeletedTopics: true },
    firstSeed: 4,
  },
  { name: "an idle journal that never syncs", defects: { noIdleSync: true }, firstSeed: 7 },
  {
    name: "a clock that is believed a minute after it jumped",
    defects: { noPause: true },
    firstSeed: 12,
  },
  { name: "a start that believes any clock", defects: { noDoubt: true }, firstSeed: 6 },
  {
    name: "a disk below its reserve that nobody watches",
    defects: { noReserve: true },
    firstSeed: 1,
  },
  {
    name: "a journal that forgets more than it is asked to",
    defects: { forgetsMore: true },
    firstSeed: 2,
  },
];

/** Runs the matrix on a defect; answers whether some seed found a fault. */
export async function isNoticed({ defects, firstSeed }: Control): Promise<boolean> {
  const run = defects.noChecksum === true ? runDamage : runFaults;
  for (let seed = firstSeed; seed < firstSeed + CONTROL_SEEDS_MAX; seed += 1) {
    if ((await run(seed, defects)).faults.length > 0) return true;
  }
  return false;
}
