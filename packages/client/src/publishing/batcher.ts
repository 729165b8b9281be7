/** One thing to publish, as the batcher sees it. */
export interface BatcherItem<T> {
  /** Items of one lane may share a batch and keep their order. */
  readonly lane: string;
  /** Serialized bytes, from above. */
  readonly bytes: number;
  /** It is a batch already: nothing else goes into it. */
  readonly isWhole: boolean;
  /** It is a frame already: nothing else is sent beside it. */
  readonly isAlone: boolean;
  /** Where its batch goes, of one that is a frame each of its batches: the same in a whole lane. */
  readonly places: readonly string[];
  /** What it is. */
  readonly value: T;
}

/** Items of one lane that become one batch. */
export interface PlannedBatch<T> {
  /** Their lane. */
  readonly lane: string;
  /** The items, in order. */
  readonly values: readonly T[];
}

/** Batches that are sent and acknowledged together. */
export interface Frame<T> {
  /** Its batches. */
  readonly batches: readonly PlannedBatch<T>[];
  /** Serialized bytes, from above. */
  readonly bytes: number;
  /** How many of its batches go where. */
  readonly places: ReadonlyMap<string, number>;
}

interface FramePlan<T> {
  readonly batches: PlannedBatch<T>[];
  readonly places: Map<string, number>;
  bytes: number;
}

/** Bounds of a batcher. */
export interface BatcherBounds {
  /** Frames that go at once, however small. */
  readonly eagerFrames: number;
  /** Bytes at which a frame goes although `eagerFrames` are unacknowledged. */
  readonly frameBytesTarget: number;
  /** Batches of one frame. */
  readonly frameBatchesMax: number;
  /** Events of one batch. */
  readonly batchEventsMax: number;
  /** Bytes that a batch adds to its items. */
  readonly batchOverheadBytes: number;
  /** Unacknowledged batches of one place: the broker must know all of them when they are sent again. */
  readonly placeBatchesMax: number;
}

/** What the stream allows at the moment. */
export interface StreamWindow {
  /** Unacknowledged frames. */
  readonly framesMax: number;
  /** Unacknowledged bytes; one frame always may go. */
  readonly creditBytes: number;
}

/**
 * Decides what is sent when: at once while few frames are unacknowledged, else as much as has
 * gathered when a place becomes free or a frame is full. Pure: it knows no clock and no stream.
 * Items leave in the order in which they came, per lane; frames are acknowledged and sent again in
 * the order in which they were first sent, unchanged.
 */
export class Batcher<T> {
  readonly #bounds: BatcherBounds;
  readonly #lanes = new Map<string, BatcherItem<T>[]>();
  readonly #inFlight: Frame<T>[] = [];
  #again: Frame<T>[] = [];
  /** Unacknowledged batches by place. */
  readonly #unacked = new Map<string, number>();
  #waitingBytes = 0;
  #inFlightBytes = 0;

  /** Starts empty. */
  constructor(bounds: BatcherBounds) {
    this.#bounds = bounds;
  }

  /** Bytes that are not in a frame yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Frames that are sent and not acknowledged. */
  get framesInFlight(): number {
    return this.#inFlight.length;
  }

  /** Nothing waits and nothing is unacknowledged. */
  get isIdle(): boolean {
    return this.#lanes.size === 0 && this.#inFlight.length === 0 && this.#again.length === 0;
  }

  /** The open frame is full: it is worth sending it within this turn. */
  get isFull(): boolean {
    return this.#waitingBytes >= this.#bounds.frameBytesTarget;
  }

  /** Takes an item. */
  add(item: BatcherItem<T>): void {
    const lane = this.#lanes.get(item.lane);
    if (lane === undefined) this.#lanes.set(item.lane, [item]);
    else lane.push(item);
    this.#waitingBytes += item.bytes;
  }

  /** The frame to send now, or undefined; it counts as sent. */
  next(window: StreamWindow): Frame<T> | undefined {
    if (this.#inFlight.length >= window.framesMax) return undefined;
    const [again] = this.#again;
    if (again !== undefined) {
      if (!this.#fits(again, window)) return undefined;
      this.#again.shift();
      return this.#sent(again);
    }
    if (this.#lanes.size === 0) return undefined;
    if (this.#inFlight.length >= this.#bounds.eagerFrames && !this.isFull) return undefined;
    const { frame, counts } = this.#plan();
    if (frame.batches.length === 0 || !this.#fits(frame, window)) return undefined;
    this.#take(counts);
    for (const [place, batches] of frame.places) addTo(this.#unacked, place, batches);
    return this.#sent(frame);
  }

  /** The oldest unacknowledged frames are acknowledged. */
  acked(count: number): readonly Frame<T>[] {
    if (count > this.#inFlight.length) {
      throw new Error(`${count} frames acknowledged, ${this.#inFlight.length} sent`);
    }
    const frames = this.#inFlight.splice(0, count);
    for (const frame of frames) {
      this.#inFlightBytes -= frame.bytes;
      for (const [place, batches] of frame.places) addTo(this.#unacked, place, -batches);
    }
    return frames;
  }

  /** The stream broke: what is unacknowledged is sent again, first and unchanged. */
  reset(): void {
    this.#again = [...this.#inFlight.splice(0), ...this.#again];
    this.#inFlightBytes = 0;
  }

  /** Everything that is unacknowledged or waits, in order; afterwards the batcher is empty. */
  drain(): T[] {
    this.reset();
    const values = this.#again.flatMap(({ batches }) => batches.flatMap((batch) => batch.values));
    for (const lane of this.#lanes.values()) values.push(...lane.map((item) => item.value));
    this.#again = [];
    this.#lanes.clear();
    this.#unacked.clear();
    this.#waitingBytes = 0;
    return values;
  }

  #fits(frame: Frame<T>, { creditBytes }: StreamWindow): boolean {
    return this.#inFlight.length === 0 || this.#inFlightBytes + frame.bytes <= creditBytes;
  }

  #sent(frame: Frame<T>): Frame<T> {
    this.#inFlight.push(frame);
    this.#inFlightBytes += frame.bytes;
    return frame;
  }

  #plan(): { frame: Frame<T>; counts: Map<string, number> } {
    const frame: FramePlan<T> = { batches: [], places: new Map(), bytes: 0 };
    const counts = new Map<string, number>();
    for (const [lane, items] of this.#lanes) {
      const taken = this.#planLane(frame, lane, items);
      if (taken > 0) counts.set(lane, taken);
      if (frame.batches.length >= this.#bounds.frameBatchesMax) break;
      if (items[taken - 1]?.isAlone === true) break;
      if (frame.bytes >= this.#bounds.frameBytesTarget) break;
    }
    return { frame, counts };
  }

  /** Plans as much of a lane as there is room for; answers how many of its items. */
  #planLane(frame: FramePlan<T>, lane: string, items: readonly BatcherItem<T>[]): number {
    let taken = 0;
    while (taken < items.length && frame.batches.length < this.#bounds.frameBatchesMax) {
      const places = items[taken]?.places ?? [];
      if (!this.#hasRoom(places, frame)) break;
      const batch = this.#planBatch(items, taken, frame.bytes);
      if (batch === undefined) break;
      frame.batches.push({ lane, values: items.slice(taken, batch.end).map(({ value }) => value) });
      for (const place of places) addTo(frame.places, place, 1);
      frame.bytes = batch.bytes;
      taken = batch.end;
    }
    return taken;
  }

  #hasRoom(places: readonly string[], { places: planned }: FramePlan<T>): boolean {
    return places.every((place) => {
      const others = (this.#unacked.get(place) ?? 0) + (planned.get(place) ?? 0);
      return others < this.#bounds.placeBatchesMax;
    });
  }

  /** End of the batch that begins at `start`, and the frame's bytes with it; undefined: no room. */
  #planBatch(
    items: readonly BatcherItem<T>[],
    start: number,
    frameBytes: number,
  ): { end: number; bytes: number } | undefined {
    const { frameBytesTarget, batchOverheadBytes, batchEventsMax } = this.#bounds;
    const isFirst = frameBytes === 0;
    const isBesideAlone = [items[start - 1], items[start]].some((item) => item?.isAlone === true);
    if (isBesideAlone && !isFirst) return undefined;
    let bytes = frameBytes + batchOverheadBytes;
    let end = start;
    for (; end < items.length && end - start < batchEventsMax; end += 1) {
      const item = items[end] as BatcherItem<T>;
      const mayExceed = isFirst && end === start;
      if (!mayExceed && bytes + item.bytes > frameBytesTarget) break;
      const isOwnBatch = item.isWhole || item.isAlone;
      if (isOwnBatch && end > start) break;
      bytes += item.bytes;
      if (isOwnBatch) return { end: end + 1, bytes };
    }
    return end === start ? undefined : { end, bytes };
  }

  #take(counts: ReadonlyMap<string, number>): void {
    for (const [lane, count] of counts) {
      const items = this.#lanes.get(lane) as BatcherItem<T>[];
      for (const item of items.splice(0, count)) this.#waitingBytes -= item.bytes;
      this.#lanes.delete(lane);
      // What is left goes behind the other lanes, so that none starves.
      if (items.length > 0) this.#lanes.set(lane, items);
    }
  }
}

function addTo(counts: Map<string, number>, place: string, batches: number): void {
  const now = (counts.get(place) ?? 0) + batches;
  if (now === 0) counts.delete(place);
  else counts.set(place, now);
}
