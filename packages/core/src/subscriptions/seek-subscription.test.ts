import {
  CursorException,
  CursorState,
  DeliveryOrder,
  Entry,
  EventsSettled,
  NamespaceState,
  Priority,
  type PubSubError,
  SNAPSHOT_RUNS_MAX,
  SNAPSHOTS_MAX,
  StartPosition,
  SubscriptionSettings,
} from "@opendxa/pubsub-protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { deliveryProjection } from "../delivery/delivery-projection.js";
import { settledRun } from "../delivery/exception-runs.js";
import type { LanePosition } from "../delivery/lane-state.js";
import { stateKeys } from "../state/state-keys.js";
import { MemoryState } from "../test/memory-state.js";
import { createSnapshot } from "./create-snapshot.js";
import { createSubscription } from "./create-subscription.js";
import { deleteSnapshot } from "./delete-snapshot.js";
import { deleteSubscription } from "./delete-subscription.js";
import { type SeekTarget, seekSubscription } from "./seek-subscription.js";
import { subscriptionProjection } from "./subscription-projection.js";

const name = "learner";
const id = 1;

/** One lane is enough here: what lanes do is the property test's. */
class World {
  readonly state = new MemoryState([subscriptionProjection, deliveryProjection]);

  constructor() {
    const settings = SubscriptionSettings.create({
      patterns: ["a"],
      order: DeliveryOrder.KEY,
      start: StartPosition.create({ position: { $case: "earliest", value: true } }),
    });
    this.state.run(createSubscription, { name, settings });
  }

  settle(cursorSequence: bigint, acked: readonly [bigint, number, number][]): void {
    const ranges = acked.map(([sequence, first, last]) => ({ sequence, first, last }));
    const value = EventsSettled.create({ subscriptionId: id, cursorSequence, acked: ranges });
    const retried = { ranges: [{ sequence: 70n, first: 0, last: 3 }], attempts: 2 };
    const kind = {
      $case: "eventsSettled",
      value: EventsSettled.create({ ...value, ackedCount: 5n, retried: [retried] }),
    } as const;
    this.state.apply(Entry.create({ kind }));
  }

  lane(): LanePosition {
    const exceptions = new Map<bigint, CursorException>();
    for (let sequence = 0n; sequence < 100n; sequence++) {
      const found = this.state.get(stateKeys.cursorException(id, sequence));
      if (found !== undefined) exceptions.set(sequence, found);
    }
    const cursor = this.state.get(stateKeys.cursor(id)) ?? CursorState.create();
    return { lane: Priority.NORMAL, cursor, exceptions };
  }

  seek(target: SeekTarget, exceptions = this.lane().exceptions) {
    return this.state.run(seekSubscription, {
      name,
      target,
      exceptions: new Map([[Priority.NORMAL, exceptions] as const]),
      leaseFloor: 77n,
    });
  }

  to(position: StartPosition["position"], timeSequence?: bigint) {
    return this.seek({
      kind: "position",
      position: StartPosition.create({ position }),
      timeSequence,
    });
  }

  remember(snapshot: string, lane = this.lane()) {
    const position = () => ({ entries: [], lanes: [lane] });
    return this.state.run(createSnapshot, { name: snapshot, subscription: name, position });
  }
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as PubSubError).reason;
  }
  return "";
}

let world: World;
beforeEach(() => {
  world = new World();
  world.settle(20n, [[30n, 0, 4]]);
});

describe("seekSubscription", () => {
  it("begins a new epoch anew, fences old leases and forgets attempts", () => {
    expect([...world.lane().exceptions.keys()]).toEqual([30n, 70n]);
    const moved = world.to({ $case: "earliest", value: true });
    expect(moved).toMatchObject({
      leaseFloor: 77n,
      subscription: { epoch: 2, cursorSequence: 1n },
    });
    expect(world.state.get(stateKeys.subscription(name))).toEqual(moved);
    expect(world.lane()).toEqual({
      lane: Priority.NORMAL,
      cursor: CursorState.create({ sequence: 1n }),
      exceptions: new Map(),
    });
  });

  it("goes to the end, a sequence or a time", () => {
    const next = BigInt(world.state.entries.length + 1);
    expect(world.to(undefined).subscription?.cursorSequence).toBe(next);
    expect(world.to({ $case: "sequence", value: 2n }).subscription?.cursorSequence).toBe(2n);
    const time = { $case: "timeUnixMs", value: 5n } as const;
    expect(world.to(time, 3n).subscription).toMatchObject({ cursorSequence: 3n, epoch: 4 });
    expect(refusal(() => world.to({ $case: "sequence", value: 99n }))).toBe("BAD_REQUEST");
  });

  it("keeps what is settled of all other topic-partitions when one is sought", () => {
    const moved = world.seek({
      kind: "offset",
      sought: {
        topicId: 4,
        partition: 0,
        offset: 8n,
        sequence: 10n,
        ownRanges: new Map([[30n, [{ first: 2, last: 3 }]]]),
        atCursor: new Map([[Priority.NORMAL, { straddled: undefined, offsets: new Map() }]]),
      },
    });
    expect(moved.partitionStarts).toEqual([
      { topicId: 4, partition: 0, offset: 8n, lane: Priority.UNSPECIFIED },
    ]);
    expect(world.lane().cursor).toEqual(CursorState.create({ sequence: 10n, floorSequence: 20n }));
    expect([...world.lane().exceptions]).toEqual([
      [30n, CursorException.create({ runs: [settledRun(0, 1), settledRun(4, 4)] })],
    ]);
  });

  it("splits what does not fit: removals before the cursor moves, new exceptions behind", () => {
    const runs = Array.from({ length: 10_000 }, (_, i) => settledRun(2 * i, 2 * i));
    const wide = new Map([...Array(4).keys()].map((i) => [BigInt(40 + i), { runs }] as const));
    const cursor = CursorState.create({ sequence: 40n });
    // More than a snapshot of the contract's size holds: an entry has room for two of these four.
    const snapshot = {
      snapshot: { name: "wide", subscription: name, createTimeUnixMs: 1n, cursorSequence: 40n },
      subscriptionId: id,
      partitionStarts: [],
      lanes: [
        { lane: Priority.NORMAL, cursor, sequences: [...wide.keys()], settled: [...wide.values()] },
      ],
    };
    world.state.apply(Entry.create({ kind: { $case: "snapshotCreated", value: { snapshot } } }));
    const before = world.state.entries.length;
    world.seek({ kind: "snapshot", snapshot: "wide" });
    const sought = world.state.entries.slice(before).map(({ kind }) => {
      if (kind?.$case !== "subscriptionSought") throw new Error("not a seek");
      const { cursors, exceptions } = kind.value;
      return [cursors.length, exceptions.filter((each) => each.exception === undefined).length];
    });
    expect(sought[0]).toEqual([0, 2]);
    expect(sought[1]).toEqual([1, 0]);
    expect(sought).toHaveLength(3);
    expect([...world.lane().exceptions.keys()]).toEqual([40n, 41n, 42n, 43n]);
  });

  it("refuses an unknown subscription", () => {
    const target = { kind: "position", position: StartPosition.create() } as const;
    const command = { name: "x", target, exceptions: new Map(), leaseFloor: 0n };
    expect(refusal(() => world.state.run(seekSubscription, command))).toBe(
      "SUBSCRIPTION_NOT_FOUND",
    );
  });
});

describe("snapshots", () => {
  it("remember what is settled, not attempts, and bring it back", () => {
    const { snapshot } = world.remember("before") as { snapshot: unknown };
    expect(snapshot).toEqual({
      name: "before",
      subscription: name,
      createTimeUnixMs: 1_000n,
      cursorSequence: 20n,
    });
    world.settle(90n, []);
    world.seek({ kind: "snapshot", snapshot: "before" });
    expect(world.lane().cursor).toEqual(CursorState.create({ sequence: 20n }));
    expect([...world.lane().exceptions]).toEqual([
      [30n, CursorException.create({ runs: [settledRun(0, 4)] })],
    ]);
  });

  it("are counted, named once and deleted", () => {
    world.remember("one");
    expect(refusal(() => world.remember("one"))).toBe("BAD_REQUEST");
    expect(() => world.remember("a b")).toThrow("name: 1 to 255 bytes");
    expect(world.state.get(stateKeys.namespace())?.snapshots).toBe(1);
    world.state.run(deleteSnapshot, { name: "one" });
    expect(world.state.get(stateKeys.namespace())?.snapshots).toBe(0);
    expect(refusal(() => world.state.run(deleteSnapshot, { name: "one" }))).toBe(
      "SNAPSHOT_NOT_FOUND",
    );
    const target = { kind: "snapshot", snapshot: "one" } as const;
    expect(refusal(() => world.seek(target))).toBe("SNAPSHOT_NOT_FOUND");
  });

  it("are bounded in number", () => {
    const namespace = NamespaceState.create({ snapshots: SNAPSHOTS_MAX });
    const loaded = {
      has: () => true,
      get: ({ name: key }: { name: string }) => {
        if (key === "ns") return namespace;
        return key.startsWith("sub/") ? { subscriptionId: id, partitionStarts: [] } : undefined;
      },
    } as never;
    const position = () => ({ entries: [], lanes: [] });
    const command = { name: "more", subscription: name, position };
    expect(
      refusal(() => createSnapshot.decide(loaded, command, { nowMs: 1, nextSequence: 1n })),
    ).toBe("LIMIT_REACHED");
  });

  it("are bounded in size, and what the delivery said is journalled all the same", () => {
    const runs = Array.from({ length: SNAPSHOT_RUNS_MAX + 1 }, (_, i) => settledRun(2 * i, 2 * i));
    const lane = { ...world.lane(), exceptions: new Map([[40n, { runs }]]) };
    const before = world.state.entries.length;
    const said = Entry.create({ kind: { $case: "eventsPublished", value: {} } });
    const position = () => ({ entries: [said], lanes: [lane] });
    const { refusal: refused } = world.state.run(createSnapshot, {
      name: "wide",
      subscription: name,
      position,
    });
    expect(refused?.reason).toBe("LIMIT_REACHED");
    expect(world.state.entries).toHaveLength(before + 1);
    expect(world.state.get(stateKeys.snapshot("wide"))).toBeUndefined();
    const fits = { ...lane, exceptions: new Map([[40n, { runs: runs.slice(1) }]]) };
    expect(world.remember("wide", fits).refusal).toBeUndefined();
  });

  it("belong to one subscription and go with it", () => {
    world.remember("mine");
    const settings = SubscriptionSettings.create({ patterns: ["a"], order: DeliveryOrder.KEY });
    world.state.run(createSubscription, { name: "other", settings });
    const command = {
      name: "other",
      target: { kind: "snapshot", snapshot: "mine" } as const,
      exceptions: new Map(),
      leaseFloor: 0n,
    };
    expect(refusal(() => world.state.run(seekSubscription, command))).toBe("BAD_REQUEST");
    const exceptionSequences = new Map();
    world.state.run(deleteSubscription, { name, exceptionSequences, snapshots: ["mine"] });
    expect(world.state.get(stateKeys.namespace())).toMatchObject({ snapshots: 0 });
    expect(world.state.get(stateKeys.snapshot("mine"))).toBeUndefined();
  });
});
