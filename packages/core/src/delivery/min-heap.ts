interface Item<T> {
  readonly key: number;
  readonly value: T;
}

/** Items below which stale ones are not worth a sweep. */
const sweepItemsMin = 1_024;

/**
 * A binary heap by numeric key whose items may become stale: they are dropped when they come to
 * the top, and swept when they could outnumber the live ones. Push and pop are O(log n).
 */
export class MinHeap<T> {
  readonly #isLive: (value: T, key: number) => boolean;
  #items: Item<T>[] = [];
  #sweepAt = sweepItemsMin;

  /** @param isLive whether an item still stands for something under the key it was pushed with */
  constructor(isLive: (value: T, key: number) => boolean) {
    this.#isLive = isLive;
  }

  /** Items held, stale ones included. */
  get size(): number {
    return this.#items.length;
  }

  /** Adds an item. */
  push(key: number, value: T): void {
    if (this.#items.length >= this.#sweepAt) this.#sweep();
    this.#items.push({ key, value });
    this.#rise(this.#items.length - 1);
  }

  /** The live item of the smallest key. */
  peek(): T | undefined {
    return this.#top()?.value;
  }

  /** The smallest key of a live item. */
  peekKey(): number | undefined {
    return this.#top()?.key;
  }

  /** Takes the live item of the smallest key out. */
  pop(): T | undefined {
    const top = this.#top();
    if (top !== undefined) this.#removeTop();
    return top?.value;
  }

  #top(): Item<T> | undefined {
    for (let top = this.#items[0]; top !== undefined; top = this.#items[0]) {
      if (this.#isLive(top.value, top.key)) return top;
      this.#removeTop();
    }
    return undefined;
  }

  #removeTop(): void {
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return;
    this.#items[0] = last;
    this.#sink(0);
  }

  #sweep(): void {
    this.#items = this.#items.filter((item) => this.#isLive(item.value, item.key));
    for (let at = (this.#items.length >>> 1) - 1; at >= 0; at -= 1) this.#sink(at);
    this.#sweepAt = Math.max(sweepItemsMin, this.#items.length * 2);
  }

  #rise(start: number): void {
    const items = this.#items;
    const item = items[start] as Item<T>;
    let at = start;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const above = items[parent] as Item<T>;
      if (above.key <= item.key) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  #sink(start: number): void {
    const items = this.#items;
    const item = items[start] as Item<T>;
    let at = start;
    for (;;) {
      let child = at * 2 + 1;
      const left = items[child];
      if (left === undefined) break;
      const right = items[child + 1];
      if (right !== undefined && right.key < left.key) child += 1;
      const below = items[child] as Item<T>;
      if (below.key >= item.key) break;
      items[at] = below;
      at = child;
    }
    items[at] = item;
  }
}
