import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RecordBody } from "../history/checker/record.js";

/** Notes the history of one simulated process. */
export class ProcessHistory {
  readonly #lines: string[] = [];
  readonly #now: () => number;

  /** Begins it. */
  constructor(
    now: () => number,
    process: Omit<Extract<RecordBody, { k: "process" }>, "k" | "version">,
  ) {
    this.#now = now;
    this.write({ k: "process", version: 1, ...process });
  }

  /** Adds a record. */
  write(body: RecordBody): void {
    const line = { n: this.#lines.length + 1, t: this.#now(), ...body };
    this.#lines.push(JSON.stringify(line));
  }

  /** Everything as a file's text. */
  get text(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}

/** The histories of all processes of a simulated world. */
export class SimulatedHistory {
  readonly #processes = new Map<string, ProcessHistory>();
  readonly #now: () => number;

  /** @param now the virtual wall clock in whole milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Begins the history of a process. */
  process(role: "publisher" | "consumer" | "operator", name: string): ProcessHistory {
    const history = new ProcessHistory(this.#now, { role, name, tellsLosses: true });
    this.#processes.set(name, history);
    return history;
  }

  /** All lines of all processes: what two runs of one seed must have in common. */
  get text(): string {
    return [...this.#processes.values()].map(({ text }) => text).join("");
  }

  /** Writes one file a process into a new folder. */
  save(seed: number): { readonly folder: string; readonly paths: readonly string[] } {
    const folder = mkdtempSync(join(tmpdir(), `simulated-${seed}-`));
    const paths = [...this.#processes].map(([name, { text }]) => {
      const path = join(folder, `${name}.jsonl`);
      writeFileSync(path, text);
      return path;
    });
    return { folder, paths };
  }
}
