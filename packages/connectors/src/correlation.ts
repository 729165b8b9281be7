import type { KeyExplanation } from "./connector.js";
import { keyBytesMax } from "./limits.js";

/** Whether a text can be a correlation or memory key. */
export function isKey(key: string): boolean {
  return Buffer.byteLength(key) <= keyBytesMax;
}

/** Collects correlation keys, strongest first, each once, each with its reason. */
export class CorrelationKeys {
  readonly #explanation: KeyExplanation[] = [];
  readonly #notes: string[] = [];

  /** Adds a key unless it is there already or over `keyBytesMax`, which leaves a note. */
  add(key: string, because: string): void {
    if (this.#explanation.some((known) => known.key === key)) return;
    if (isKey(key)) this.#explanation.push({ key, because });
    else this.note(`a key over ${keyBytesMax} bytes was left out: ${because}`);
  }

  /** Adds the keys of an execution id that the other system names explicitly. */
  addExecution(executionId: string | undefined, because: string): void {
    if (executionId !== undefined) this.add(`opendxa:execution:${executionId}`, because);
  }

  /** Adds the keys of a correlation id; by default it is the execution's own id, so that too. */
  addCorrelation(correlationId: string | undefined, because: string): void {
    if (correlationId === undefined) return;
    this.add(`opendxa:correlation:${correlationId}`, because);
    this.add(
      `opendxa:execution:${correlationId}`,
      `${because}; a correlation id is the execution id by default`,
    );
  }

  /** Records what was left out. */
  note(sentence: string): void {
    this.#notes.push(sentence);
  }

  /** The keys in order. */
  get keys(): readonly string[] {
    return this.#explanation.map((known) => known.key);
  }

  /** The reasons in the same order. */
  get explanation(): readonly KeyExplanation[] {
    return this.#explanation;
  }

  /** What was left out. */
  get notes(): readonly string[] {
    return this.#notes;
  }
}
