import { MemoryStore } from "@opendxa/pubsub-index-store";
import type { Journal } from "@opendxa/pubsub-journal";
import {
  AckAndPublishRequest,
  DeliveryOrder,
  decodeEntry,
  type Entry,
  encodeBatch,
  PublishFrame,
  PubSubError,
  type SeekSubscriptionRequest,
  StartPosition,
  SubscriptionSettings,
  TopicSettings,
} from "@opendxa/pubsub-protocol";
import {
  type CrashMode,
  MachineDisk,
  SeededRandom,
  SimulatedDisk,
  VirtualClock,
} from "@opendxa/pubsub-simulated";
import { expect } from "vitest";
import type { Consumer, Engine } from "../engine-api.js";
import { openSimulated } from "../simulated.js";
import { EventLedger, type Fate, type Move, Moves } from "./event-ledger.js";
import { type LostEntries, RecordedJournal } from "./recorded-journal.js";
import { Inbox, type Place, type Received, World } from "./world.js";

/** Topics of a life. */
export const topics = ["t0", "t1"] as const;
/** Subscriptions of a life; nobody ever joins `idle`. */
export const subscriptions = ["lanes", "keyed", "idle"] as const;
type Name = (typeof subscriptions)[number];

/** What can happen. */
export type Step =
  | { readonly do: "publish"; readonly place: Place; readonly keys: readonly string[] }
  | { readonly do: "join" | "leave"; readonly name: "lanes" | "keyed" }
  | { readonly do: "ack" | "nack" | "pair"; readonly name: Name; readonly pick: number }
  | { readonly do: "skip" | "offset"; readonly name: Name; readonly pick: number }
  | { readonly do: "seek"; readonly name: Name; readonly pick: number }
  | { readonly do: "time"; readonly name: Name; readonly pick: number }
  | { readonly do: "latest" | "snapshot" | "back"; readonly name: Name }
  | { readonly do: "pass" | "jump"; readonly ms: number }
  | { readonly do: "delete"; readonly topic: string }
  | { readonly do: "restart"; readonly mode: CrashMode; readonly index: "kept" | "lost" };

/** What a start finds: checkpoints, and what the journal may have lost by then. */
interface Image {
  readonly sequence: bigint;
  readonly checkpoints: ReadonlyMap<string, Uint8Array>;
  readonly lost: LostEntries;
}

interface Joined {
  readonly consumer: Consumer;
  readonly inbox: Inbox;
}

const topicSettings = {
  t0: TopicSettings.create({ retentionMs: 30_000n }),
  t1: TopicSettings.create({ retentionMs: 2_592_000_000n, retentionBytes: 1_500n }),
};
const retry = { minMs: 500, maxMs: 2_000 };
const subscriptionSettings: Record<Name, Partial<SubscriptionSettings>> = {
  lanes: { patterns: ["*"], attemptsMax: 1 },
  keyed: { patterns: ["t0", "t1"], attemptsMax: 3, retry, order: DeliveryOrder.KEY },
  idle: { patterns: ["*"] },
};
const folder = "/data/checkpoints";

/** A broker, all that its journal ever held, and what every start of it would find. */
export class AccountedLife {
  readonly #recorded = new RecordedJournal();
  readonly #world: World;
  readonly #moves = new Moves();
  readonly #joined: { readonly [name in Name]: Joined[] } = { lanes: [], keyed: [], idle: [] };
  readonly #snapshots = new Map<Name, string>();
  #events = 0;
  #image: Image = { sequence: 0n, checkpoints: new Map(), lost: this.#recorded.lost() };
  /** Sequences at which a start was tried, with and without a checkpoint. */
  readonly tried = { withCheckpoint: 0, without: 0 };
  /** Moves that were made. */
  moves = 0;
  /** Events by what became of them, over all counts. */
  readonly fates: Record<Fate, bigint> = {
    open: 0n,
    acked: 0n,
    deadLettered: 0n,
    expired: 0n,
    skipped: 0n,
  };

  constructor(seed: number) {
    this.#world = new World(seed, { segmentBytes: 4_096, around: this.#recorded.watch });
  }

  async start(): Promise<void> {
    const engine = await this.#world.open();
    for (const topic of topics) await engine.createTopic(topic, topicSettings[topic]);
    const start = StartPosition.create({ position: { $case: "earliest", value: true } });
    for (const name of subscriptions) {
      const settings = { ...subscriptionSettings[name], start };
      await engine.createSubscription(name, SubscriptionSettings.create(settings));
    }
    await this.#join("lanes");
    await this.#join("keyed");
  }

  /** Does a step, then starts anew at every sequence that it brought, and compares. */
  async take(step: Step): Promise<void> {
    await this.#act(step).catch((error: unknown) => {
      // What a step names may have left.
      const { reason } = PubSubError.from(error);
      expect(["EVENT_NOT_FOUND", "OFFSET_OUT_OF_RANGE"]).toContain(reason);
    });
    await this.#quiet();
    for (const name of subscriptions) await this.#compare(this.#world.engine, name);
    const before = this.#image;
    await this.#capture();
    for (let at = before.sequence + 1n; at <= this.#image.sequence; at += 1n) {
      await this.#startAt(at, before);
    }
    await this.#startAt(this.#image.sequence, this.#image);
  }

  #act(step: Step): Promise<unknown> {
    const { engine, clock } = this.#world;
    switch (step.do) {
      case "publish":
        return this.#publish(step.place, step.keys);
      case "join":
        return this.#join(step.name);
      case "leave":
        return Promise.resolve(this.#joined[step.name].shift()?.consumer.close());
      case "ack":
      case "nack":
        return Promise.resolve(this.#settle(step.do, step.name, step.pick));
      case "pair":
        return this.#ackAndPublish(step.name, step.pick);
      case "skip":
        return this.#skip(step.name, step.pick);
      case "offset":
        return this.#seekOffset(step.name, step.pick);
      case "seek": {
        const sequence = 1n + (BigInt(step.pick) % engine.stats().durableSequence);
        return this.#seekTo(step.name, { to: "sequence", sequence }, sequence);
      }
      case "time": {
        const timeMs = BigInt(clock.now() - step.pick);
        return this.#seekTo(step.name, { to: "time", timeMs }, timeMs);
      }
      case "latest":
        return this.#seekTo(step.name, { to: "latest" }, true);
      case "snapshot":
        return this.#remember(step.name);
      case "back":
        return this.#seekBack(step.name);
      case "pass":
        return this.#pass(step.ms);
      case "jump":
        return Promise.resolve(clock.jump(step.ms));
      case "delete":
        return this.#recreate(step.topic as (typeof topics)[number]);
      case "restart":
        return this.#restart(step.mode, step.index);
    }
  }

  async #publish(place: Place, keys: readonly string[]): Promise<void> {
    const now = this.#world.clock.now();
    const expireMs = place.expireMs === undefined ? undefined : now + place.expireMs;
    for (const key of keys) {
      this.#events += 1;
      const orderingKey = key === "" ? undefined : key;
      const at = { ...place, orderingKey, expireMs };
      await this.#world.publishTo(at, `${this.#events}a`, `${this.#events}b`);
    }
  }

  async #join(name: Name): Promise<void> {
    if (this.#joined[name].length >= 2) return;
    const inbox = new Inbox();
    this.#joined[name].push({ consumer: await this.#world.join(name, inbox), inbox });
  }

  #chosen(name: Name, pick: number): { joined: Joined; events: Received[] } | undefined {
    const joined = this.#joined[name][pick % Math.max(1, this.#joined[name].length)];
    const received = joined?.inbox.received ?? [];
    if (joined === undefined || received.length === 0) return undefined;
    const from = Math.max(0, received.length - 1 - (pick % 7));
    return { joined, events: received.slice(from, from + 1 + (pick % 4)) };
  }

  #settle(word: "ack" | "nack", name: Name, pick: number): void {
    const chosen = this.#chosen(name, pick);
    if (chosen === undefined) return;
    const { joined, events } = chosen;
    if (word === "ack") this.#world.ack(joined.consumer, events);
    else this.#world.nack(joined.consumer, events[0] as Received, pick % 3_000);
  }

  async #ackAndPublish(subscription: Name, pick: number): Promise<void> {
    const [event] = this.#chosen(subscription, pick)?.events ?? [];
    if (event === undefined) return;
    const { lease, sequence, index } = event;
    const acks = [{ lease, sequence, ranges: [{ first: index, last: index }] }];
    const events = [{ id: `${++this.#events}o`, type: "test.event", data: Buffer.from("o") }];
    const defaults = { source: "/test" };
    const batch = encodeBatch({ topic: "t1", partition: 0, events, defaults });
    const frame = PublishFrame.create({ batches: [batch] });
    await this.#world.engine.ackAndPublish(
      AckAndPublishRequest.create({ subscription, acks, frame }),
    );
  }

  async #skip(subscription: Name, pick: number): Promise<void> {
    const { log } = this.#ledger();
    const event = log.at(-1 - (pick % Math.max(1, Math.min(8, log.length))));
    if (event === undefined) return;
    const { sequence, index: firstIndex } = event;
    const span = { sequence, firstIndex, lastIndex: firstIndex + (pick % 2) };
    await this.#world.engine.skipEvents({ namespace: "", subscription, ...span });
  }

  async #seekOffset(name: Name, pick: number): Promise<void> {
    const topic = topics[pick % topics.length] as (typeof topics)[number];
    const topicId = this.#ledger().topicIdOf(topic);
    if (topicId === undefined) return;
    const { partitions } = await this.#world.engine.getTopic(topic);
    const { firstOffset = 0n, nextOffset = 0n } = partitions[0] ?? {};
    const offset = firstOffset + (BigInt(pick) % (nextOffset - firstOffset + 1n));
    const target = { $case: "offset", value: { topic, partition: 0, offset } } as const;
    await this.#seek(name, { to: "offset", topicId, offset }, target);
  }

  async #seekTo(name: Name, move: Move, value: bigint | true): Promise<void> {
    const kinds = { sequence: "sequence", time: "timeUnixMs" } as const;
    const position =
      value === true
        ? ({ $case: "latest", value } as const)
        : ({ $case: kinds[move.to as keyof typeof kinds], value } as const);
    const target = { $case: "position", value: StartPosition.create({ position }) } as const;
    await this.#seek(name, move, target);
  }

  async #seekBack(name: Name): Promise<void> {
    const snapshot = this.#snapshots.get(name);
    if (snapshot === undefined) return this.#remember(name);
    await this.#seek(name, { to: "snapshot", snapshot }, { $case: "snapshot", value: snapshot });
  }

  async #seek(name: Name, move: Move, target: SeekSubscriptionRequest["target"]): Promise<void> {
    this.#moves.ask(name, this.#ledger().epochOf(name) + 1, move);
    await this.#world.engine.seekSubscription({ namespace: "", name, target });
    this.moves += 1;
    this.#joined[name].length = 0;
    if (name !== "idle") await this.#join(name);
  }

  async #remember(subscription: Name): Promise<void> {
    const name = `snapshot${++this.#events}`;
    await this.#world.engine.createSnapshot({ namespace: "", name, subscription });
    this.#snapshots.set(subscription, name);
  }

  async #pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1_000) {
      this.#world.clock.advance(1_000);
      await this.#quiet(2);
    }
  }

  async #recreate(topic: (typeof topics)[number]): Promise<void> {
    await this.#world.engine.deleteTopic(topic);
    await this.#world.engine.createTopic(topic, topicSettings[topic]);
  }

  /** Cuts the power while something is published, which may survive or not. */
  async #restart(mode: CrashMode, index: "kept" | "lost"): Promise<void> {
    this.#publish({ topic: "t0" }, ["a", "b"]).catch(() => undefined);
    await Promise.resolve();
    await this.#world.powerCut(mode, index);
    for (const name of subscriptions) this.#joined[name].length = 0;
  }

  /** Lets everything run that does not wait for time. */
  async #quiet(turnsMin = 20): Promise<void> {
    const { engine } = this.#world;
    for (let turns = 0, still = 0; still < turnsMin; turns += 1) {
      const { durableSequence, indexedSequence } = engine.stats();
      await new Promise((resolve) => setImmediate(resolve));
      const after = engine.stats();
      const isStill =
        after.durableSequence === durableSequence && indexedSequence === durableSequence;
      still = isStill ? still + 1 : 0;
      if (turns > 20_000) throw new Error("it never gets quiet");
    }
  }

  /** What the entries say, up to a sequence, and those behind it of another journal. */
  #ledger(last?: bigint, after?: readonly Entry[]): EventLedger {
    const ledger = new EventLedger(this.#moves);
    for (const [sequence, payload] of this.#recorded.payloads) {
      if (last === undefined || sequence <= last) ledger.apply(sequence, decodeEntry(payload));
    }
    for (const [i, entry] of (after ?? []).entries()) {
      ledger.apply((last ?? 0n) + 1n + BigInt(i), entry);
    }
    return ledger;
  }

  /** Compares an answer of a broker with the entries up to its sequence. */
  async #compare(
    engine: Engine,
    name: string,
    own?: { readonly from: bigint; readonly journal: Journal },
  ): Promise<void> {
    const told = await engine.getAccounting(name);
    const { sequence, epoch, entered, leased, waiting, unexamined } = told;
    const after: Entry[] = [];
    if (own !== undefined) {
      const from = own.from + 1n;
      const read = own.journal.read({ from, to: sequence });
      for await (const { payload } of read) after.push(decodeEntry(payload));
    }
    const ledger = this.#ledger(own?.from ?? sequence, after);
    const { acked, deadLettered, expired, filtered, skipped } = told;
    const open = leased + waiting + unexamined;
    const counted = { open, acked, deadLettered, expired, skipped };
    const expected = { epoch: ledger.epochOf(name), entered: ledger.count(name), filtered: 0n };
    for (const fate of Object.keys(this.fates) as Fate[]) {
      expect({ name, sequence, [fate]: counted[fate] }).toEqual({
        name,
        sequence,
        [fate]: ledger.count(name, fate),
      });
      this.fates[fate] += counted[fate];
    }
    expect({ epoch, entered, filtered }).toEqual(expected);
    expect(acked + deadLettered + expired + filtered + skipped + open).toBe(entered);
  }

  async #capture(): Promise<void> {
    const { disk } = this.#world;
    const names = await disk.readdir(folder);
    const checkpoints = new Map(names.map((each) => [each, disk.content(`${folder}/${each}`)]));
    const sequence = this.#world.engine.stats().durableSequence;
    this.#image = { sequence, checkpoints, lost: this.#recorded.lost() };
  }

  /** Starts a broker on a journal that ends at a sequence and on checkpoints from before, without an index. */
  async #startAt(last: bigint, { checkpoints, lost }: Image): Promise<void> {
    const disk = new SimulatedDisk({ seed: 1 });
    await disk.mkdir("/data");
    await disk.mkdir(folder);
    for (const [name, bytes] of checkpoints) {
      const file = await disk.open(`${folder}/${name}`, "create");
      await file.writev([bytes], 0);
      await file.close();
    }
    this.tried[checkpoints.size > 0 ? "withCheckpoint" : "without"] += 1;
    const journal = this.#recorded.cutAfter(last, lost);
    const newest = this.#recorded.payloads.get(last) as Uint8Array;
    const clock = new VirtualClock(Number(decodeEntry(newest).timeUnixMs));
    const { engine } = await openSimulated({
      disk: new MachineDisk(disk),
      folder: "/data",
      index: MemoryStore.create(),
      clock,
      timers: clock,
      random: new SeededRandom(5),
      around: () => journal,
    });
    for (const name of this.#ledger(last).names) {
      await this.#compare(engine, name, { from: last, journal });
    }
  }
}
