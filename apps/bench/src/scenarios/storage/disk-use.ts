import { join } from "node:path";
import { TopicIndex } from "@opendxa/pubsub-client";
import type { FrameShape } from "../../children/publish-frames.js";
import { type BrokerProcess, startBroker } from "../../processes/broker-process.js";
import { whileConsumed } from "../../processes/consuming.js";
import { type MeasuredLoad, publish } from "../../processes/publishing.js";
import { withClient } from "../../processes/with-client.js";
import type { Figure } from "../../report/result.js";
import { allocatedBytes } from "./folder-bytes.js";
import { fill, logShape } from "./loads.js";
import type { PartContext, StoragePart } from "./part.js";
import type { StorageSizes } from "./sizes.js";

const TOPIC = "bench/disk-use";
/** Window of deduplication in the feedback profile, in milliseconds: longer than the run. */
const DEDUP_WINDOW_MS = 3_600_000n;

interface Case {
  readonly name: string;
  readonly shape: FrameShape;
  readonly bytes: (sizes: StorageSizes) => number;
  readonly index: TopicIndex;
  readonly isDeduplicated?: boolean;
  /** Order of a live subscription; none: nobody consumes. */
  readonly consumed?: "none" | "key";
  /** Bytes on disk per payload byte before compression. */
  readonly placeRequired?: number;
  /** Bytes written to all files per payload byte. */
  readonly writtenRequired?: number;
}

const documents = { content: "json" } as const;

const cases: readonly Case[] = [
  {
    name: "log profile",
    shape: logShape(TOPIC),
    bytes: ({ diskUseBytes }) => diskUseBytes,
    index: TopicIndex.NONE,
    consumed: "none",
    placeRequired: 1.05,
    writtenRequired: 1.3,
  },
  {
    name: "feedback profile",
    shape: logShape(TOPIC, { identity: "own" }),
    bytes: ({ diskUseBytes }) => diskUseBytes,
    index: TopicIndex.ID_AND_CORRELATION,
    isDeduplicated: true,
    consumed: "key",
    writtenRequired: 2,
  },
  {
    name: "indexed, not deduplicated",
    shape: logShape(TOPIC, { identity: "own" }),
    bytes: ({ diskUseBytes }) => diskUseBytes,
    index: TopicIndex.ID_AND_CORRELATION,
    placeRequired: 1.15,
  },
  {
    name: "JSON with lz4",
    shape: logShape(TOPIC, { ...documents, codec: "lz4" }),
    bytes: ({ documentBytes }) => documentBytes,
    index: TopicIndex.NONE,
    placeRequired: 0.6,
  },
  {
    name: "JSON with gzip",
    shape: logShape(TOPIC, { ...documents, codec: "gzip" }),
    bytes: ({ documentBytes }) => documentBytes,
    index: TopicIndex.NONE,
    placeRequired: 0.4,
  },
];

/** What a payload byte costs on disk, and how often it is written there. */
export const diskUse: StoragePart = {
  name: "disk-use",
  title: "bytes on disk and bytes written, 1 KB events",
  limitMs: 600_000,
  run: async (context) => {
    const figures: Figure[] = [];
    for (const one of cases) {
      figures.push(...(await measure(one, context)));
      context.progress(`  ${one.name}`);
    }
    return { figures, notes };
  },
};

const notes = [
  "disk-use: counts, not times, so one round tells all. Bytes on disk are what the file system has allocated after an orderly stop; bytes written are the system's account of the broker's process over its whole life, journal, index and checkpoints together. A payload byte is one of heads and bodies, before compression.",
];

async function measure(one: Case, context: PartContext): Promise<Figure[]> {
  const data = join(context.folder, one.name.replaceAll(/\W+/g, "-"));
  const broker = await startBroker(data);
  let stopped = false;
  try {
    await withClient(broker, (client) =>
      client.createTopic(TOPIC, {
        index: one.index,
        dedup: one.isDeduplicated ? { windowMs: DEDUP_WINDOW_MS, idsMax: 0 } : undefined,
      }),
    );
    const load = await consumedLoad(one, broker, context);
    stopped = true;
    const written = await broker.stop();
    return figuresOf(one, load, { place: await allocatedBytes(data), written });
  } finally {
    if (!stopped) await broker.kill();
  }
}

function consumedLoad(
  { consumed, shape, bytes }: Case,
  broker: BrokerProcess,
  { sizes }: PartContext,
): Promise<MeasuredLoad> {
  const load = fill(shape, bytes(sizes));
  if (consumed === undefined) return publish(broker, load);
  const live = { topic: TOPIC, subscription: "live", order: consumed };
  return whileConsumed(broker, live, () => publish(broker, load));
}

function figuresOf(
  { name, placeRequired, writtenRequired }: Case,
  load: MeasuredLoad,
  { place, written }: { readonly place: number; readonly written: number | undefined },
): Figure[] {
  const atMost = (value: number | undefined) =>
    value === undefined ? {} : ({ required: { at: "most", value } } as const);
  const perByte = { unit: "ratio" };
  return [
    {
      name: `${name}, on disk per payload byte`,
      ...perByte,
      values: [place / load.rawBytesAcked],
      ...atMost(placeRequired),
    },
    {
      name: `${name}, written per payload byte`,
      ...perByte,
      // Where the system keeps no account the sum over the files is the least that was written.
      values: [(written ?? place) / load.rawBytesAcked],
      ...atMost(writtenRequired),
    },
    { name: `${name}, publish`, unit: "events/s", values: [load.eventsPerSecond] },
  ];
}
