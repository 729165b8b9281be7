import { type IndexStore, type IndexWrite, MemoryStore } from "@opendxa/pubsub-index-store";
import { openSegmentJournal } from "@opendxa/pubsub-journal";
import {
  AwaitFeedbackRequest,
  decodedEventParts,
  Execution,
  FeedbackEvent,
  StartPosition,
  SubmitFeedbackRequest,
  WaitOutcome,
} from "@opendxa/pubsub-protocol";
import { SeededRandom } from "@opendxa/pubsub-simulated";
import { describe, expect, it } from "vitest";
import { CheckpointStore } from "./checkpoint-store.js";
import { isControlKey } from "./control-state.js";
import { chainKey, encodeSequence, indexKeys, indexLayout, verifyChain } from "./index-chain.js";
import { prepareIndex } from "./recovery.js";
import { Inbox, passUntil, until, World } from "./test/world.js";

const earliest = StartPosition.create({ position: { $case: "earliest", value: true } });

/** All state that the index holds, as text. */
async function dump(index: IndexStore): Promise<string[]> {
  const lines: string[] = [];
  for await (const { key, value } of index.iterate({})) {
    if (!key.startsWith("!")) lines.push(`${key}=${Buffer.from(value).toString("hex")}`);
  }
  return lines;
}

async function busyWorld(): Promise<World> {
  const made = new World();
  await made.open();
  await made.engine.createTopic("orders", undefined);
  const inbox = new Inbox();
  const consumer = await made.join("s", inbox, {
    patterns: ["orders", "poet/**"],
    start: earliest,
  });
  for (let i = 0; i < 10; i++) await made.publish("orders", `a${i}`, `b${i}`);
  await until(() => inbox.ids.length === 20);
  made.ack(consumer, inbox.received.slice(3, 9));
  made.nack(consumer, inbox.received[12]!, 60_000);
  await until(() => inbox.verdictsSeen.length > 0);
  const keys = ["mlflow:run:1"];
  await made.engine.submitFeedback(feedback("f1", keys));
  await made.engine.registerExecution(
    Execution.create({ executionId: "x", functionName: "f", correlationKeys: keys }),
  );
  await made.engine.submitFeedback(feedback("f2", keys));
  await made.engine.submitFeedback(feedback("f3", ["mlflow:run:nobody"]));
  return made;
}

function feedback(id: string, correlationKeys: string[]): SubmitFeedbackRequest {
  const piece = FeedbackEvent.create({ feedbackType: "quality", metrics: { score: 1 } });
  return SubmitFeedbackRequest.create({ id, correlationKeys, feedback: piece });
}

async function settled(made: World): Promise<void> {
  await until(() => made.engine.stats().indexedSequence === made.engine.stats().durableSequence);
}

describe("recovery", () => {
  it("gives the same state to the byte from checkpoint and tail as from the index kept", async () => {
    const made = await busyWorld();
    await settled(made);
    const before = await dump(made.index);
    await made.powerCut("keep", "lost");
    await settled(made);
    const after = await dump(made.index);
    const differing = after.filter((line) => !before.includes(line));
    // Only the start itself, its time and what the consumers' end left may differ.
    expect(differing.every((line) => line.startsWith("ns="))).toBe(true);
    expect(before.filter((line) => !after.includes(line) && !line.startsWith("ns="))).toEqual([]);
  });

  it("gives the same state from a checkpoint alone, deltas merged on their base", async () => {
    const made = await busyWorld();
    for (let round = 0; round < 4; round++) {
      made.clock.advance(10_000);
      await made.publish("orders", `more${round}`);
      await settled(made);
    }
    await made.engine.close();
    const control = (lines: string[]) => lines.filter((line) => isControlKey(line));
    const copy = MemoryStore.create();
    await made.powerCut("drop", "lost");
    await copy.close();
    expect(made.engine.info.replayedEntries).toBe(0);
    await settled(made);
    const first = control(await dump(made.index));
    await made.engine.close();
    await made.powerCut("drop", "lost");
    await settled(made);
    const differing = control(await dump(made.index)).filter((line) => !first.includes(line));
    expect(differing.every((line) => line.startsWith("ns="))).toBe(true);
  });

  it("falls back to the journal when the checkpoint is damaged, and says so", async () => {
    const made = await busyWorld();
    await settled(made);
    await made.engine.close();
    for (const name of await made.disk.readdir("/data/checkpoints")) {
      made.disk.flipBit(`/data/checkpoints/${name}`, 70);
    }
    await made.powerCut("drop", "lost");
    expect(made.engine.info.replayedEntries).toBeGreaterThan(10);
    expect(made.warnings).toContain("a checkpoint is damaged and was left out");
  });

  it("refuses to start when the journal ends before its checkpoint", async () => {
    const made = await busyWorld();
    await made.engine.close();
    const segments = (await made.disk.readdir("/data/journal")).filter((n) => n.endsWith(".seg"));
    for (const name of segments) await made.disk.unlink(`/data/journal/${name}`);
    await made.disk.syncDirectory("/data/journal");
    await expect(made.open()).rejects.toThrow();
  });

  it("resolves a wait that began before a power cut, and expires one that nobody answered", async () => {
    const made = new World();
    await made.open();
    const wait = (waitId: string) =>
      AwaitFeedbackRequest.create({
        executionId: "x",
        waitId,
        deadlineUnixMs: BigInt(made.clock.now() + 60_000),
      });
    const stop = new AbortController();
    for (const id of ["w1", "w2"]) {
      for await (const { wait: stored } of made.engine.awaitFeedback(wait(id), stop.signal)) {
        expect(stored?.outcome).toBe(WaitOutcome.UNSPECIFIED);
        break;
      }
    }
    await made.powerCut("drop");
    await made.engine.registerExecution(
      Execution.create({ executionId: "x", functionName: "f", correlationKeys: ["mlflow:run:1"] }),
    );
    const [again] = [made.engine.awaitFeedback(wait("w1"), stop.signal)[Symbol.asyncIterator]()];
    await again!.next();
    const outcome = again!.next();
    await made.engine.submitFeedback(feedback("f1", ["mlflow:run:1"]));
    const { value } = await outcome;
    expect(value.wait.outcome).toBe(WaitOutcome.FEEDBACK);
    expect(value.feedback).toHaveLength(1);
    expect((await made.engine.getWait("w2")).outcome).toBe(WaitOutcome.FEEDBACK);
  });

  it("fires deadlines that passed while nobody ran", async () => {
    const made = new World();
    await made.open();
    const deadlineUnixMs = BigInt(made.clock.now() + 60_000);
    const request = AwaitFeedbackRequest.create({ executionId: "x", waitId: "w", deadlineUnixMs });
    for await (const _ of made.engine.awaitFeedback(request, new AbortController().signal)) break;
    made.disk.crash({ mode: "drop" });
    made.clock.advance(61_000);
    made.index = MemoryStore.create();
    await made.open();
    for (let i = 0; (await made.engine.getWait("w")).outcome === WaitOutcome.UNSPECIFIED; i++) {
      if (i > 5_000) throw new Error("the wait never ended");
      made.clock.advance(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await made.engine.getWait("w")).outcome).toBe(WaitOutcome.EXPIRED);
  });
});

describe("the chain of the index", () => {
  const journal = { id: new Uint8Array(16).fill(1), lastSequence: 9n };
  const put = (index: IndexStore, key: string, value: Uint8Array | undefined) =>
    index.write([{ key, value }]);

  async function chained(): Promise<IndexStore> {
    const index = MemoryStore.create();
    await put(index, indexKeys.journal, journal.id);
    await put(index, indexKeys.layout, indexLayout);
    await put(index, indexKeys.mark, encodeSequence(2n));
    await put(index, chainKey(5n), encodeSequence(2n));
    await put(index, chainKey(8n), encodeSequence(5n));
    await put(index, indexKeys.applied, encodeSequence(8n));
    return index;
  }

  it("is whole when every link back to the mark is there", async () => {
    expect(await verifyChain(await chained(), journal)).toEqual({ usable: true, applied: 8n });
  });

  it.each<[string, (index: IndexStore) => Promise<void>]>([
    ["a link is missing", (index) => put(index, chainKey(5n), undefined)],
    ["it was rolled back", (index) => put(index, indexKeys.applied, encodeSequence(1n))],
    ["it is ahead of the journal", (index) => put(index, indexKeys.applied, encodeSequence(10n))],
    ["it belongs to another", (index) => put(index, indexKeys.journal, new Uint8Array(16))],
    ["it has another layout", (index) => put(index, indexKeys.layout, new Uint8Array([1]))],
    ["it is from before layouts", (index) => put(index, indexKeys.layout, undefined)],
    ["it was written in part", (index) => put(index, indexKeys.partial, encodeSequence(9n))],
    ["it is empty", (index) => index.clear()],
  ])("is not usable when %s", async (_what, damage) => {
    const index = await chained();
    await damage(index);
    expect(await verifyChain(index, journal)).toMatchObject({ usable: false });
  });
});

it("writes a base anew when it meets a damaged checkpoint, and goes on", async () => {
  const made = await busyWorld();
  const files = async (end: string) =>
    (await made.disk.readdir("/data/checkpoints")).filter((name) => name.endsWith(end)).sort();
  const round = async (id: string) => {
    await made.publish("orders", id);
    await settled(made);
    const before = (await made.disk.readdir("/data/checkpoints")).join();
    await passUntil(made.clock, async () => {
      return (await made.disk.readdir("/data/checkpoints")).join() !== before;
    });
  };
  while ((await files(".delta")).length < 2) await round("early");
  const [damaged = ""] = await files(".delta");
  made.disk.flipBit(`/data/checkpoints/${damaged}`, 70);
  const bases = await files(".base");
  for (let at = 0; (await files(".base")).join() === bases.join(); at += 1) {
    if (at > 20) throw new Error("no base was written");
    await round(`more${at}`);
  }
  expect(made.warnings).toContain(
    "a damaged checkpoint was met while merging; a base is written anew",
  );
  await round("after");
  // The consumer's end changes what it had leased.
  const control = async () =>
    (await dump(made.index)).filter((line) => isControlKey(line) && !/^(ns|exc|cur)/.test(line));
  const before = await control();
  await made.engine.close();
  made.warnings.length = 0;
  await made.powerCut("drop", "lost");
  await settled(made);
  expect(made.warnings).not.toContain("a checkpoint is damaged and was left out");
  expect(await control()).toEqual(before);
});

/** A store that clears in parts and ends after so many writes, as LevelDB in a crash. */
function clearingInParts(store: IndexStore, writesMax: number): IndexStore {
  let writes = 0;
  const write: IndexStore["write"] = async (batch) => {
    writes += 1;
    if (writes > writesMax) throw new Error("the power is cut");
    await store.write(batch);
  };
  const clear = async (): Promise<void> => {
    const keys: string[] = [];
    for await (const { key } of store.iterate({})) keys.push(key);
    for (let at = 0; at < keys.length; at += 3) {
      await write(keys.slice(at, at + 3).map((key) => ({ key, value: undefined })));
    }
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === "write") return write;
      if (name === "clear") return clear;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

it("takes no index for whole that a crash left of a rebuild, wherever it has a hole", async () => {
  const made = await busyWorld();
  await settled(made);
  const entries: IndexWrite[] = [];
  for await (const entry of made.index.iterate({})) entries.push(entry);
  await made.engine.close();
  const { journal } = await openSegmentJournal({
    disk: made.disk,
    folder: "/data/journal",
    timers: made.clock,
    random: new SeededRandom(1),
  });
  const checkpoints = await CheckpointStore.open(made.disk, "/data/checkpoints", {
    journalId: journal.id,
    onIgnored: () => undefined,
  });
  const log = { warn: () => undefined, info: () => undefined };
  const rebuild = (index: IndexStore) => prepareIndex({ journal, checkpoints, log, index });
  const whole = MemoryStore.create();
  await rebuild(whole);
  const clears = Math.ceil(entries.length / 3);
  let usable = 0;
  for (let seed = 0; seed < 600; seed += 1) {
    const index = MemoryStore.create();
    await index.write(entries);
    await index.write([{ key: indexKeys.partial, value: encodeSequence(9n) }]);
    await index.flush();
    await rebuild(clearingInParts(index, Math.floor(seed / 2) % (clears + 8))).catch(
      () => undefined,
    );
    const mode = seed % 2 === 0 ? "hole" : "suffix";
    const { store } = await index.crash({ seed, mode });
    if (!(await verifyChain(store, journal)).usable) continue;
    usable += 1;
    expect(await dump(store)).toEqual(await dump(whole));
  }
  expect(usable).toBeGreaterThan(0);
  await journal.close();
});

describe("the untyped path", () => {
  it("never decodes an event between publish and delivery", async () => {
    const made = new World();
    await made.open();
    const before = decodedEventParts();
    let delivered = 0;
    await made.engine.createTopic("plain", undefined);
    await made.join("s", new Inbox(), { patterns: ["plain", "poet/**"] }).then((c) => c.close());
    await made.engine.subscribe(
      {
        namespace: "",
        subscription: "s",
        settings: undefined,
        consumerName: "",
        credit: { bytes: 1_000_000n, events: 1_000 },
        heartbeatMs: 0,
      },
      {
        deliver: ({ batches }) => {
          delivered += batches.length;
          return true;
        },
        verdicts: () => undefined,
        notice: () => undefined,
        end: () => undefined,
      },
    );
    await made.publish("plain", "a", "b");
    await made.publish("poet/system/health", "c", "d");
    await until(() => delivered === 2);
    await settled(made);
    expect(decodedEventParts()).toBe(before);
  });
});
