import { join } from "node:path";
import { TopicIndex } from "@opendxa/pubsub-client";
import { type FrameShape, topicName } from "../../children/publish-frames.js";
import { DiskCeilings } from "../../disk-figures.js";
import type { BrokerProcess } from "../../processes/broker-process.js";
import { usageFigures } from "../../processes/broker-usage.js";
import { type MeasuredLoad, publish, publishOverHttp2 } from "../../processes/publishing.js";
import { whileServing } from "../../processes/while-serving.js";
import { withClient } from "../../processes/with-client.js";
import { fullLoad, logShape } from "./loads.js";
import { inRounds, type PartContext, type StoragePart } from "./part.js";

/** Publish rate with many topics by the rate with one. */
const RATE_RATIO_REQUIRED = 0.9;
/** Resident memory with all topics, in MB. */
const RESIDENT_MB_REQUIRED = 300;
/** Unanswered creations at a time. */
const CREATIONS_IN_FLIGHT = 256;

/** Publishing to very many topics in turn, against one, each in a broker of its own. */
export const topics: StoragePart = {
  name: "topics",
  title: "publishing to 100,000 topics in turn, against one",
  limitMs: 600_000,
  run: async (context) => {
    const many = logShape("bench/many", { topics: context.sizes.topics });
    const one = logShape("bench/one");
    return await whileServing(join(context.folder, "one"), (first) =>
      whileServing(join(context.folder, "many"), async (second) => {
        await createTopics(first, one);
        await createTopics(second, many);
        context.progress(`  ${context.sizes.topics} topics`);
        const disk = new DiskCeilings(context.folder);
        const rounds = await inRounds(context, async () => {
          await disk.measure();
          return await runRound(
            context,
            { broker: first, shape: one },
            { broker: second, shape: many },
          );
        });
        return { figures: [...figuresOf(rounds), ...disk.figures()] };
      }),
    );
  },
};

interface Side {
  readonly broker: BrokerProcess;
  readonly shape: FrameShape;
}

async function runRound({ sizes }: PartContext, one: Side, many: Side) {
  const transport = await publishOverHttp2(fullLoad(one.shape, sizes));
  const toOne = await publish(one.broker, fullLoad(one.shape, sizes));
  return { transport, one: toOne, many: await publish(many.broker, fullLoad(many.shape, sizes)) };
}

type Round = Awaited<ReturnType<typeof runRound>>;

/** Creates every topic of a shape, with a bounded number unanswered. */
export async function createTopics(broker: BrokerProcess, shape: FrameShape): Promise<void> {
  await withClient(broker, async (client) => {
    let next = 0;
    const lane = async () => {
      while (next < shape.topics) {
        const name = topicName(shape, next);
        next += 1;
        await client.createTopic(name, { index: TopicIndex.NONE });
      }
    };
    await Promise.all(Array.from({ length: CREATIONS_IN_FLIGHT }, lane));
  });
}

function figuresOf(rounds: readonly Round[]) {
  const transport = rounds.map((round) => round.transport.eventsPerSecond);
  const rate = (name: string, load: (round: Round) => MeasuredLoad) => ({
    name,
    unit: "events/s",
    values: rounds.map((round) => load(round).eventsPerSecond),
    ceiling: { name: "http2", values: transport },
  });
  return [
    {
      name: "rate with all topics by rate with one",
      unit: "ratio",
      values: rounds.map(({ one, many }) => many.eventsPerSecond / one.eventsPerSecond),
      required: { at: "least", value: RATE_RATIO_REQUIRED } as const,
    },
    {
      name: "resident memory with all topics, peak",
      unit: "MB",
      values: rounds.map(({ many }) => many.usage.residentBytesPeak / 1e6),
      required: { at: "most", value: RESIDENT_MB_REQUIRED } as const,
    },
    {
      name: "processor time per event with all topics by that with one",
      unit: "ratio",
      values: rounds.map(
        ({ one, many }) => many.usage.microsecondsPerEvent / one.usage.microsecondsPerEvent,
      ),
    },
    rate("publish, one topic", ({ one }) => one),
    rate("publish, all topics", ({ many }) => many),
    ...usageFigures(rounds.map(({ many }) => many.usage)),
  ];
}
