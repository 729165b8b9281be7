import { closeSync, openSync, writeSync } from "node:fs";
import type { RecordBody } from "./checker/record.js";

/**
 * Writes the history of one process. A record is with the operating system when `write` returns, so that
 * SIGKILL takes nothing away that was noted before an act; no act may come before its record.
 */
export class HistoryWriter {
  readonly #file: number;
  #n = 0;

  /** Begins a file. @param path must not exist */
  constructor(path: string, process: Omit<Extract<RecordBody, { k: "process" }>, "k" | "version">) {
    this.#file = openSync(path, "wx");
    this.write({ k: "process", version: 1, ...process });
  }

  /** Adds a record with its number and time. */
  write(body: RecordBody): void {
    this.#n += 1;
    writeSync(this.#file, `${JSON.stringify({ n: this.#n, t: Date.now(), ...body })}\n`);
  }

  /** Ends the file. */
  close(): void {
    closeSync(this.#file);
  }
}
