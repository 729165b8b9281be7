import { join } from "node:path";
import { DiskCeilings } from "../../disk-figures.js";
import { publish } from "../../processes/publishing.js";
import { whileServing } from "../../processes/while-serving.js";
import type { Figure } from "../../report/result.js";
import { percentile } from "../../statistics.js";
import { CheckpointWatch } from "./checkpoint-watch.js";
import { fullLoad, logShape, steadyLoad } from "./loads.js";
import { inRounds, type StoragePart } from "./part.js";
import { createTopics } from "./topics.js";

/**
 * Frames a second, each with a few events to as many topics: what changes most state. Far below
 * what a broker takes, or latency would be that of its queue.
 */
const FRAMES_PER_SECOND = 100;
const BATCHES_PER_FRAME = 10;

/** Latency of publishing while a checkpoint is being written, against the time between them. */
export const checkpoint: StoragePart = {
  name: "checkpoint",
  title: "publish latency while a checkpoint is written, 1,000 topics changing a second",
  limitMs: 600_000,
  run: (context) =>
    whileServing(join(context.folder, "data"), async (broker) => {
      const shape = logShape("bench/checkpoint", {
        topics: context.sizes.checkpointTopics,
        batches: BATCHES_PER_FRAME,
        events: 1,
      });
      const { warmUpMs, checkpointMs } = context.sizes;
      await createTopics(broker, shape);
      const disk = new DiskCeilings(context.folder);
      const watch = new CheckpointWatch(join(context.folder, "data", "default", "checkpoints"));
      try {
        const rounds = await inRounds(context, async () => {
          await disk.measure();
          const load = fullLoad(shape, { warmUpMs, loadMs: checkpointMs });
          const { samples } = await publish(broker, steadyLoad(load, FRAMES_PER_SECOND));
          return split(samples, watch);
        });
        return { figures: [...figuresOf(rounds, disk), ...disk.figures()], notes };
      } finally {
        watch.close();
      }
    }),
};

const notes = [
  "checkpoint: a frame counts as sent during a checkpoint when its latency overlaps the life of a file that is being written in the checkpoints' folder. Frames are due at fixed moments, and latency counts from these.",
];

interface Split {
  readonly during: readonly number[];
  readonly without: readonly number[];
  readonly checkpointMs: readonly number[];
}

function split(samples: readonly (readonly [number, number])[], watch: CheckpointWatch): Split {
  const during: number[] = [];
  const without: number[] = [];
  const written = watch.take();
  for (const [atMs, latencyMs] of samples) {
    const isDuring = written.some(({ from, to }) => atMs - latencyMs <= to && atMs >= from);
    (isDuring ? during : without).push(latencyMs);
  }
  return { during, without, checkpointMs: written.map(({ from, to }) => to - from) };
}

function figuresOf(rounds: readonly Split[], disk: DiskCeilings): Figure[] {
  const both = rounds.filter(({ during, without }) => during.length > 0 && without.length > 0);
  if (both.length === 0) {
    const why = "no checkpoint was written during the load, or nothing else was: it is too short";
    const notMeasured = { as: "skipped", why } as const;
    return [{ name: "publish during a checkpoint", unit: "ms", values: [], notMeasured }];
  }
  const latency = (name: string, share: number, of: (round: Split) => readonly number[]) => ({
    name,
    unit: "ms",
    values: both.map((round) => percentile(of(round), share)),
    ceiling: share === 0.5 ? disk.syncP50 : disk.syncP99,
  });
  const ratio = (name: string, share: number) => ({
    name,
    unit: "ratio",
    values: both.map(
      ({ during, without }) => percentile(during, share) / percentile(without, share),
    ),
  });
  return [
    ratio("p50 during a checkpoint by p50 without", 0.5),
    ratio("p99 during a checkpoint by p99 without", 0.99),
    latency("frame to ack during a checkpoint, p50", 0.5, ({ during }) => during),
    latency("frame to ack without, p50", 0.5, ({ without }) => without),
    latency("frame to ack during a checkpoint, p99", 0.99, ({ during }) => during),
    latency("frame to ack without, p99", 0.99, ({ without }) => without),
    {
      name: "a checkpoint's file is being written",
      unit: "ms",
      values: both.flatMap(({ checkpointMs }) => checkpointMs),
    },
  ];
}
