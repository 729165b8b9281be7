import { createReadStream, existsSync, statSync } from "node:fs";
import { createInterface } from "node:readline";

/** An event that a publisher was told to be stored. */
export interface AckedEvent {
  /** Its id. */
  readonly id: string;
  /** Its offset. */
  readonly offset: bigint;
}

/** Reads the lines `<id> <offset>` that a publisher wrote; a last line without its end is no line. */
export async function readAcked(file: string): Promise<AckedEvent[]> {
  if (!existsSync(file) || statSync(file).size === 0) return [];
  const acked: AckedEvent[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const [id, offset] = line.split(" ");
    if (id && offset && /^\d+$/.test(offset)) acked.push({ id, offset: BigInt(offset) });
  }
  return acked;
}

/** Bytes that a publisher has written so far: its progress, without reading it. */
export function ackedBytes(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}
