import { runDamage } from "./damage-run.js";
import { runFaults } from "./fault-run.js";
import { CONTROL_SEEDS_MAX } from "./limits.js";
import type { Defects } from "./simulated-engine.js";

/** A deliberate defect and whether the matrix noticed it. */
export interface Control {
  /** The defect. */
  readonly name: string;
  /** Some seed found a fault. */
  readonly isNoticed: boolean;
}

const CONTROLS: readonly { readonly name: string; readonly defects: Defects }[] = [
  { name: "a disk that ignores the fsync of files", defects: { noFsync: true } },
  { name: "a disk that ignores the fsync of directories", defects: { noDirectoryFsync: true } },
  { name: "an index whose chain is not checked", defects: { noChainCheck: true } },
  {
    name: "a journal whose checksums are not checked",
    defects: { noChecksum: true },
  },
];

/** Runs the matrix on defects that it must notice: one that did not would prove nothing. */
export async function runControls(): Promise<readonly Control[]> {
  const controls: Control[] = [];
  for (const { name, defects } of CONTROLS) {
    let isNoticed = false;
    for (let seed = 1; seed <= CONTROL_SEEDS_MAX && !isNoticed; seed += 1) {
      const run =
        defects.noChecksum === true
          ? await runDamage(seed, defects)
          : await runFaults(seed, defects);
      isNoticed = run.faults.length > 0;
    }
    controls.push({ name, isNoticed });
  }
  return controls;
}
