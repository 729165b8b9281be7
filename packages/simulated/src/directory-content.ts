import { type CrashMode, survivors } from "./crash-mode.js";
import type { FileContent } from "./file-content.js";
import type { SeededRandom } from "./seeded-random.js";

/** What a name in a directory stands for. */
export type DirectoryEntry = FileContent | DirectoryContent;

/** One atomic change of a directory: `undefined` removes the name. A rename within it is one. */
type Change = readonly (readonly [name: string, entry: DirectoryEntry | undefined])[];

/** The names in one simulated directory: as programs see them, and as the disk would keep them. */
export class DirectoryContent {
  #current = new Map<string, DirectoryEntry>();
  #durable = new Map<string, DirectoryEntry>();
  #unsynced: Change[] = [];

  /** What a name stands for. */
  get(name: string): DirectoryEntry | undefined {
    return this.#current.get(name);
  }

  /** The names, sorted. */
  names(): string[] {
    return [...this.#current.keys()].sort();
  }

  /** Changes names in one step, unsynced. */
  change(change: Change): void {
    apply(this.#current, change);
    this.#unsynced.push(change);
  }

  /** Makes every change durable. */
  sync(): void {
    this.#durable = new Map(this.#current);
    this.#unsynced = [];
  }

  /** The machine lost power: applies `mode` to the names and to everything below them. */
  crash(mode: CrashMode, random: SeededRandom): void {
    const kept = survivors(this.#unsynced, mode, random, () => []);
    for (const change of kept) apply(this.#durable, change);
    this.#current = new Map(this.#durable);
    this.#unsynced = [];
    for (const name of this.names()) this.#current.get(name)?.crash(mode, random);
  }
}

function apply(names: Map<string, DirectoryEntry>, change: Change): void {
  for (const [name, entry] of change) {
    if (entry === undefined) names.delete(name);
    else names.set(name, entry);
  }
}
