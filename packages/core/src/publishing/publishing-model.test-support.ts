/** How long ids are remembered, in milliseconds. */
export const windowMs = 50;
/** How many ids are remembered. */
export const idsMax = 6;

interface RememberedId {
  readonly id: string;
  readonly untilMs: number;
  offset: bigint;
  waits: boolean;
}

interface WaitingBatch {
  readonly sequence: bigint;
  readonly dueMs: number;
  readonly ids: (string | undefined)[];
}

/** What S-P3 and S-P7 say, event by event. */
export class PublishingModel {
  nextOffset = 0n;
  /** Per entry that stored new ids, the oldest first. */
  groups: RememberedId[][] = [];
  waiting: WaitingBatch[] = [];
  readonly #isDeduplicated: boolean;

  constructor(isDeduplicated: boolean) {
    this.#isDeduplicated = isDeduplicated;
  }

  #remembered(wanted: string, nowMs: number): RememberedId | undefined {
    return this.groups
      .flat()
      .findLast(({ id: each, untilMs }) => each === wanted && untilMs > nowMs);
  }

  #waits(wanted: string): boolean {
    return this.waiting.some((batch) => batch.ids.includes(wanted));
  }

  /** Stores a batch; says which of its events were stored before, and whether any was new. */
  store(batch: readonly string[], entry: { nowMs: number; sequence: bigint; dueMs: number }) {
    const { nowMs, sequence, dueMs } = entry;
    const isScheduled = dueMs > nowMs;
    const duplicates: bigint[] = [];
    const kept: (string | undefined)[] = [];
    for (const each of batch) {
      const original = this.#original(each, { kept, isScheduled, nowMs });
      kept.push(original === undefined ? each : undefined);
      if (original !== undefined) duplicates.push(original);
    }
    const isStored = duplicates.length < batch.length;
    if (!isStored) return { duplicates, isScheduled, isStored };
    if (this.#isDeduplicated) this.#remember(this.#groupOf(kept, { isScheduled, nowMs }), nowMs);
    if (isScheduled) this.waiting.push({ sequence, dueMs, ids: kept });
    else this.nextOffset += BigInt(batch.length);
    return { duplicates, isScheduled, isStored };
  }

  #groupOf(
    kept: readonly (string | undefined)[],
    { isScheduled, nowMs }: { isScheduled: boolean; nowMs: number },
  ): RememberedId[] {
    return kept.flatMap((id, i) => {
      const offset = isScheduled ? 0n : this.nextOffset + BigInt(i);
      const untilMs = nowMs + windowMs;
      return id === undefined ? [] : [{ id, untilMs, offset, waits: isScheduled }];
    });
  }

  /** Offset of an event that was stored before, in this batch or an earlier one. */
  #original(
    wanted: string,
    at: { kept: readonly (string | undefined)[]; isScheduled: boolean; nowMs: number },
  ): bigint | undefined {
    const { kept, isScheduled, nowMs } = at;
    if (!this.#isDeduplicated && !isScheduled) return undefined;
    const own = kept.indexOf(wanted);
    if (own !== -1) return isScheduled ? 0n : this.nextOffset + BigInt(own);
    const remembered = this.#isDeduplicated ? this.#remembered(wanted, nowMs)?.offset : undefined;
    return remembered ?? (isScheduled && this.#waits(wanted) ? 0n : undefined);
  }

  #remember(group: RememberedId[], nowMs: number): void {
    const size = () => this.groups.flat().length + group.length;
    while (this.groups[0] !== undefined) {
      const isOver = this.groups[0].every(({ untilMs }) => untilMs <= nowMs);
      if (!isOver && size() <= idsMax) break;
      this.groups.shift();
    }
    this.groups.push(group);
  }

  cancel(wanted: string): boolean {
    const batch = this.waiting.find((each) => each.ids.includes(wanted));
    if (batch === undefined) return false;
    batch.ids[batch.ids.indexOf(wanted)] = undefined;
    this.waiting = this.waiting.filter((each) => each.ids.some((left) => left !== undefined));
    for (const group of this.groups) {
      for (const each of group) {
        // Its place in the group still counts; the id is free.
        if (each.id === wanted && each.waits) Object.assign(each, { id: "" });
      }
    }
    return true;
  }

  release(nowMs: number): WaitingBatch[] {
    const due = this.waiting.filter(({ dueMs }) => dueMs <= nowMs);
    this.waiting = this.waiting.filter(({ dueMs }) => dueMs > nowMs);
    for (const batch of due) {
      for (const [i, each] of batch.ids.entries()) {
        const remembered = this.groups.flat().findLast((known) => known.id === each);
        if (remembered?.waits === true) {
          Object.assign(remembered, { offset: this.nextOffset + BigInt(i), waits: false });
        }
      }
      this.nextOffset += BigInt(batch.ids.length);
    }
    return due;
  }
}
