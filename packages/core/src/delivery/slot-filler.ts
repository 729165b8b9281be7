import type { BatchSlot, RunFate } from "./batch-slot.js";
import type { BatchTraits } from "./batch-traits.js";
import type { ExceptionRun } from "./exception-runs.js";
import type { KeyScope, KeyTable } from "./key-table.js";
import type { Run } from "./run.js";

const settledFate: RunFate = { state: "settled", attempts: 0, atMs: 0, reason: "" };
const never = Number.POSITIVE_INFINITY;

function fateOf(run: ExceptionRun): RunFate {
  if (run.settled) return settledFate;
  const { attempts, reason } = run;
  return { state: "waiting", attempts, atMs: Number(run.dueTimeUnixMs), reason };
}

/** What is known of a batch before it is looked at. */
export interface KnownOfBatch {
  /** Last index that the cursor passed; below the batch when it passed none. */
  readonly passed: number;
  /** What differs from "unsettled, never tried" in its entry. */
  readonly runs: readonly ExceptionRun[];
}

/** Calls for each part of a batch with one fate, in order. */
function eachPart(
  slot: BatchSlot,
  { passed, runs }: KnownOfBatch,
  add: (first: number, last: number, fate: RunFate | undefined) => void,
): void {
  let next = slot.ref.firstIndex;
  const part = (until: number, fate?: RunFate) => {
    const last = Math.min(until, slot.lastIndex);
    if (last < next) return;
    add(next, last, fate);
    next = last + 1;
  };
  part(passed, settledFate);
  for (const run of runs) {
    part(run.first - 1);
    part(run.last, fateOf(run));
  }
  part(slot.lastIndex);
}

/** Makes the runs of a batch from what is known of it; nobody else knows of them. */
export function fillApart(slot: BatchSlot, known: KnownOfBatch): void {
  eachPart(slot, known, (first, last, fate) => slot.append(first, last, fate));
}

/** Makes the runs of a batch and enters them into the book and the queues of their keys. */
export class SlotFiller {
  readonly #slot: BatchSlot;
  readonly #traits: BatchTraits | undefined;
  readonly #keys: KeyTable | undefined;
  #scope: KeyScope | undefined;

  constructor(slot: BatchSlot, traits: BatchTraits | undefined, keys: KeyTable | undefined) {
    this.#slot = slot;
    this.#traits = traits;
    this.#keys = keys;
  }

  /** Fills the slot. */
  fill(known: KnownOfBatch): void {
    const slot = this.#slot;
    const { firstIndex } = slot.ref;
    if (known.passed < firstIndex && known.runs.length === 0) {
      this.#part(firstIndex, slot.lastIndex, undefined);
      return;
    }
    eachPart(slot, known, (first, last, fate) => this.#part(first, last, fate));
    slot.mergeSettled(firstIndex, slot.lastIndex);
  }

  #part(first: number, last: number, fate: RunFate | undefined): void {
    const traits = this.#traits;
    if (traits === undefined || fate?.state === "settled") this.#add(first, last, fate);
    else this.#cutByTraits(first, last, fate, traits);
  }

  #cutByTraits(first: number, last: number, fate: RunFate | undefined, traits: BatchTraits): void {
    let start = first;
    let key: string | undefined;
    let expireMs = never;
    let isOpen = false;
    for (let index = first; index <= last; index += 1) {
      if (this.#slot.isExcluded(index)) continue;
      const ownKey = this.#keys === undefined ? undefined : traits.keyOf(index);
      const ownExpireMs = traits.expireMsOf(index) ?? never;
      if (isOpen && (ownKey !== key || ownExpireMs !== expireMs)) {
        this.#add(start, index - 1, fate, key, expireMs);
        start = index;
      }
      isOpen = true;
      key = ownKey;
      expireMs = ownExpireMs;
    }
    this.#add(start, last, fate, key, expireMs);
  }

  #add(
    first: number,
    last: number,
    fate: RunFate | undefined,
    key?: string,
    expireMs = never,
  ): void {
    const run = this.#slot.append(first, last, fate, expireMs);
    if (run.state === "settled") return;
    if (key === undefined) this.#slot.lane.book.enter(run);
    else this.#addKeyed(run, key);
  }

  #addKeyed(run: Run, key: string): void {
    const keys = this.#keys as KeyTable;
    const { topicId, partition } = this.#slot.ref;
    this.#scope ??= keys.scopeOf(topicId, partition);
    if (run.state === "ready" && this.#scope.queues.has(key)) run.state = "held";
    this.#slot.lane.book.enter(run);
    keys.append(this.#scope, key, run);
  }
}
