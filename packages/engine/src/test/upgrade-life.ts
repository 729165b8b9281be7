import {
  AwaitFeedbackRequest,
  Execution,
  encodeBatch,
  FeedbackEvent,
  PublishFrame,
  StartPosition,
  SubmitFeedbackRequest,
  TopicIndex,
  TopicSettings,
} from "@opendxa/pubsub-protocol";
import { dumpState } from "../simulated.js";
import { Inbox, until, World } from "./world.js";

const earliest = StartPosition.create({ position: { $case: "earliest", value: true } });
const PRODUCER = new Uint8Array(16).fill(9);
const HOUR_MS = 3_600_000;

/** What a data folder of this version holds, and the state that follows from it. */
export interface UpgradeSpecimen {
  /** Files by their path in the namespace's folder. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** All state and indexes, one `key=value` a line. */
  readonly dump: readonly string[];
}

/**
 * Lives a short life in which every kind of state is left: topics with each index, partitions and
 * deduplication, a producer, a subscription with exceptions, executions in every state, feedback
 * that waits, waits, timers; a base and deltas of checkpoints, several segments, and a tail.
 */
export async function liveUpgradeLife(): Promise<UpgradeSpecimen> {
  const made = new World(1, { segmentBytes: 4096 });
  await made.open();
  await createTopics(made);
  await publishAsProducer(made);
  const inbox = new Inbox();
  const consumer = await made.join("consumer", inbox, { patterns: ["none"], start: earliest });
  for (const round of [0, 1, 2]) {
    for (let i = 0; i < 8; i += 1) await made.publish("none", `n-${round}-${i}`);
    await made.publish("ids", `i-${round}`);
    await made.publish("correlated", `c-${round}`);
    await made.publish("deduplicated", `d-${round}`);
    await checkpoint(made);
  }
  await until(() => inbox.ids.length === 24);
  made.ack(consumer, [...inbox.received.slice(0, 4), ...inbox.received.slice(6, 9)]);
  made.nack(consumer, inbox.received[12]!, HOUR_MS);
  await until(() => inbox.verdictsSeen.at(-1)?.throughNumber === 2n);
  await feedbackInEveryState(made);
  await checkpoint(made);
  await made.engine.createTopic("gone", undefined);
  await made.publish("gone", "g");
  await made.engine.deleteTopic("gone");
  await checkpoint(made);
  await made.publish("none", "tail");
  await settled(made);
  return { files: await filesOf(made), dump: await dumpState(made.index) };
}

async function createTopics({ engine }: World): Promise<void> {
  const topics: Readonly<Record<string, Partial<TopicSettings>>> = {
    none: { index: TopicIndex.NONE },
    ids: { index: TopicIndex.ID },
    correlated: { index: TopicIndex.ID_AND_CORRELATION, partitions: 3 },
    deduplicated: { dedup: { windowMs: BigInt(24 * HOUR_MS), idsMax: 0 } },
  };
  for (const [name, settings] of Object.entries(topics)) {
    await engine.createTopic(name, TopicSettings.create(settings));
  }
}

async function publishAsProducer({ engine }: World): Promise<void> {
  const epoch = await engine.openProducer(PRODUCER);
  const events = [{ id: "p", type: "test.event", source: "/test" }];
  const producer = { id: PRODUCER, epoch, baseSequence: 0n };
  const batch = encodeBatch({ topic: "correlated", partition: 2, events, producer });
  await engine.publish(PublishFrame.create({ batches: [batch] }));
}

async function feedbackInEveryState(made: World): Promise<void> {
  const { engine, clock } = made;
  const register = (executionId: string, deadlineMs: number) =>
    engine.registerExecution(
      Execution.create({
        executionId,
        functionName: "f",
        correlationKeys: [`test:run:${executionId}`],
        deadlineUnixMs: BigInt(clock.now() + deadlineMs),
      }),
    );
  const submit = (id: string, key: string) =>
    engine.submitFeedback(
      SubmitFeedbackRequest.create({
        id,
        correlationKeys: [key],
        feedback: FeedbackEvent.create({ feedbackType: "quality", metrics: { score: 1 } }),
      }),
    );
  await register("satisfied", HOUR_MS);
  await register("expired", 1_000);
  await submit("f-matched", "test:run:satisfied");
  for (const [waitId, deadlineMs] of [
    ["w-expired", 1_000],
    ["w-open", HOUR_MS],
  ] as const) {
    const deadlineUnixMs = BigInt(clock.now() + deadlineMs);
    const request = AwaitFeedbackRequest.create({ executionId: "open", waitId, deadlineUnixMs });
    const stop = new AbortController();
    for await (const _stored of engine.awaitFeedback(request, stop.signal)) break;
    stop.abort();
  }
  await settled(made);
  clock.advance(2_000);
  await settled(made);
  await register("open", HOUR_MS);
  await submit("f-pending", "test:run:nobody");
}

async function settled({ engine }: World): Promise<void> {
  await until(() => engine.stats().indexedSequence === engine.stats().durableSequence);
  // Timers that fell due decide in the turns after.
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  await until(() => engine.stats().indexedSequence === engine.stats().durableSequence);
}

async function checkpoint(made: World): Promise<void> {
  await settled(made);
  made.clock.advance(10_000);
  await settled(made);
}

async function filesOf({ disk }: World): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const folder of ["journal", "checkpoints"]) {
    for (const name of await disk.readdir(`/data/${folder}`)) {
      files.set(`${folder}/${name}`, disk.content(`/data/${folder}/${name}`));
    }
  }
  return files;
}
