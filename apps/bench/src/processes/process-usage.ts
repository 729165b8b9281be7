import { readFile } from "node:fs/promises";

/** Memory of a process. */
export interface ProcessMemory {
  /** Resident now, in bytes. */
  readonly residentBytes: number;
  /** Resident at most since it began, in bytes. */
  readonly residentBytesPeak: number;
}

/** Reads the resident memory of a process, as Linux counts it. */
export async function memoryOf(pid: number): Promise<ProcessMemory> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return { residentBytes: field(status, "VmRSS"), residentBytesPeak: field(status, "VmHWM") };
}

function field(status: string, name: string): number {
  const [, kibibytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status) ?? [];
  if (kibibytes === undefined) throw new Error(`the system does not tell ${name}`);
  return Number(kibibytes) * 1024;
}

/** Linux counts processor time for users in hundredths of a second, whatever the kernel's tick. */
const TICK_MS = 10;
/** Place of `utime` among the fields after the process's name. */
const USER_TIME_FIELD = 11;

/** Reads the processor time that a process has used, in milliseconds. */
export async function processorMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name stands in parentheses and may hold anything, so the fields begin after the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[USER_TIME_FIELD]) + Number(fields[USER_TIME_FIELD + 1])) * TICK_MS;
}
