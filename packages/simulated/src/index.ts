/**
 * A simulated world for deterministic tests: clock, random, disk and network. The classes implement
 * structurally what the other packages take as parameters, and import none of them.
 *
 * @example
 * ```ts
 * const disk = new SimulatedDisk({ seed: 7 });
 * const clock = new VirtualClock();
 * const { journal } = await openSegmentJournal({ disk, folder: "/j", timers: clock, random: new SeededRandom(7) });
 * disk.cutAfterOperations(5); // then append, crash({ mode: "reorder" }), open again and compare
 * ```
 *
 * @packageDocumentation
 */
export { CRASH_MODES, type CrashMode, PAGE_BYTES } from "./crash-mode.js";
export { SimulatedDiskError, type SimulatedDiskErrorCode } from "./disk-error.js";
export type { DiskFault, DiskOperation } from "./disk-fault.js";
export { type DiskWait, MachineDisk } from "./machine-disk.js";
export { SeededRandom } from "./seeded-random.js";
export {
  type Begun,
  SimulatedDisk,
  type SimulatedDiskOptions,
  type SimulatedFileFacts,
} from "./simulated-disk.js";
export { SimulatedDiskFile } from "./simulated-disk-file.js";
export {
  type Listener,
  type NetworkEnd,
  type NetworkHandler,
  SimulatedNetwork,
  type SimulatedNetworkOptions,
} from "./simulated-network.js";
export { VirtualClock, type VirtualTimer } from "./virtual-clock.js";
