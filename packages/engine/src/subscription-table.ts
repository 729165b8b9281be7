import type { Entry, Snapshot, SnapshotState, SubscriptionState } from "@opendxa/pubsub-protocol";

/** Values by name, listed in the order of the names. */
class SortedNames<T> {
  readonly #values = new Map<string, T>();
  #sorted: string[] | undefined;

  get size(): number {
    return this.#values.size;
  }

  get(name: string): T | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: T): void {
    if (!this.#values.has(name)) this.#sorted = undefined;
    this.#values.set(name, value);
  }

  delete(name: string): void {
    if (this.#values.delete(name)) this.#sorted = undefined;
  }

  values(): IterableIterator<T> {
    return this.#values.values();
  }

  /** Values whose names come after `after`; a page that ends at a name stays right whatever changes. */
  *after(after: string): Generator<T> {
    this.#sorted ??= [...this.#values.keys()].sort();
    for (const name of this.#sorted) {
      if (after !== "" && name <= after) continue;
      const value = this.#values.get(name);
      if (value !== undefined) yield value;
    }
  }
}

/** A snapshot without what it remembers. */
export interface SnapshotHead {
  /** What lists show. */
  readonly snapshot: Snapshot;
  /** Number of its subscription. */
  readonly subscriptionId: number;
}

function headOf({ snapshot, subscriptionId }: SnapshotState): SnapshotHead | undefined {
  return snapshot === undefined ? undefined : { snapshot, subscriptionId };
}

/** All subscriptions of the namespace and the heads of their snapshots, resident. */
export class SubscriptionTable {
  readonly #states = new SortedNames<SubscriptionState>();
  readonly #names = new Map<number, string>();
  readonly #snapshots = new SortedNames<SnapshotHead>();

  /** Number of subscriptions. */
  get size(): number {
    return this.#states.size;
  }

  /** Adds or replaces a subscription. */
  put(state: SubscriptionState): void {
    const name = state.subscription?.name ?? "";
    this.#states.set(name, state);
    this.#names.set(state.subscriptionId, name);
  }

  /** Adds a snapshot; what it remembers is not kept. */
  putSnapshot(state: SnapshotState): void {
    const head = headOf(state);
    if (head !== undefined) this.#snapshots.set(head.snapshot.name, head);
  }

  /** Takes an entry that became durable. */
  follow({ kind }: Entry): void {
    switch (kind?.$case) {
      case "subscriptionCreated":
      case "subscriptionUpdated":
      case "subscriptionSought":
        if (kind.value.subscription !== undefined) this.put(kind.value.subscription);
        break;
      case "subscriptionIdle": {
        const { name, sinceUnixMs: idleSinceUnixMs } = kind.value;
        const state = this.#states.get(name);
        if (state !== undefined) this.put({ ...state, idleSinceUnixMs });
        break;
      }
      case "subscriptionDeleted":
        this.#states.delete(kind.value.name);
        this.#names.delete(kind.value.subscriptionId);
        break;
      case "snapshotCreated":
        if (kind.value.snapshot !== undefined) this.putSnapshot(kind.value.snapshot);
        break;
      case "snapshotDeleted":
        this.#snapshots.delete(kind.value.name);
        break;
      default:
        // Every other kind leaves subscriptions as they are.
        break;
    }
  }

  /** A subscription by name. */
  get(name: string): SubscriptionState | undefined {
    return this.#states.get(name);
  }

  /** A subscription by number. */
  byId(subscriptionId: number): SubscriptionState | undefined {
    const name = this.#names.get(subscriptionId);
    return name === undefined ? undefined : this.#states.get(name);
  }

  /** All subscriptions, in no order. */
  all(): IterableIterator<SubscriptionState> {
    return this.#states.values();
  }

  /** Subscriptions by name, those after `after`. */
  after(after: string): Generator<SubscriptionState> {
    return this.#states.after(after);
  }

  /** The head of a snapshot. */
  snapshot(name: string): SnapshotHead | undefined {
    return this.#snapshots.get(name);
  }

  /** Snapshots by name, those after `after`. */
  snapshotsAfter(after: string): Generator<SnapshotHead> {
    return this.#snapshots.after(after);
  }

  /** Names of the snapshots of a subscription. */
  snapshotsOf(subscriptionId: number): string[] {
    return [...this.#snapshots.values()]
      .filter((head) => head.subscriptionId === subscriptionId)
      .map(({ snapshot }) => snapshot.name);
  }
}
