/** Operations of a simulated disk that can be made to fail. */
export type DiskOperation =
  | "create"
  | "write"
  | "truncate"
  | "datasync"
  | "sync"
  | "read"
  | "mkdir"
  | "rename"
  | "link"
  | "unlink"
  | "syncDirectory";

/** A fault to come. */
export interface DiskFault {
  /** The operation that fails. */
  readonly operation: DiskOperation;
  /** Which of them, counted from now: 1 is the next. */
  readonly nth: number;
  /** How it fails. */
  readonly code: "EIO" | "ENOSPC" | "EXDEV";
  /**
   * What a failing write leaves behind: nothing (default), its first half (a short write), or some
   * of its 4 KiB pages (a torn write).
   */
  readonly leaves?: "nothing" | "prefix" | "pages";
}

/** Counts operations and says which of them fails. */
export class FaultPlan {
  #faults: { readonly fault: DiskFault; remaining: number }[] = [];

  /** Adds a fault; several may wait at once. */
  add(fault: DiskFault): void {
    if (!Number.isInteger(fault.nth) || fault.nth < 1) {
      throw new RangeError(`the nth operation is 1 or more, not ${fault.nth}`);
    }
    this.#faults.push({ fault, remaining: fault.nth });
  }

  /** Forgets all faults that have not struck. */
  clear(): void {
    this.#faults = [];
  }

  /** Counts one operation; answers the fault that strikes it. */
  strike(operation: DiskOperation): DiskFault | undefined {
    let struck: DiskFault | undefined;
    for (const waiting of this.#faults) {
      if (waiting.fault.operation !== operation) continue;
      waiting.remaining -= 1;
      if (waiting.remaining === 0) struck = waiting.fault;
    }
    if (struck !== undefined) this.#faults = this.#faults.filter(({ remaining }) => remaining > 0);
    return struck;
  }
}
