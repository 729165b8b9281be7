import { join } from "node:path";
import { DiskCeilings } from "../../disk-figures.js";
import { type MeasuredLoad, publish, publishOverHttp2 } from "../../processes/publishing.js";
import { whileServing } from "../../processes/while-serving.js";
import type { Figure } from "../../report/result.js";
import { fullLoad, logShape } from "./loads.js";
import { inRounds, type StoragePart } from "./part.js";
import { createTopics } from "./topics.js";

/** Publishing to a broker of either journal, in the same rounds. */
export const journals: StoragePart = {
  name: "journals",
  title: "publishing into LevelDB, against segment files",
  limitMs: 600_000,
  run: async (context) => {
    const shape = logShape("bench/journals");
    const load = fullLoad(shape, context.sizes);
    return await whileServing(join(context.folder, "segments"), (segments) =>
      whileServing(
        join(context.folder, "level"),
        async (level) => {
          await createTopics(segments, shape);
          await createTopics(level, shape);
          const disk = new DiskCeilings(context.folder);
          const rounds = await inRounds(context, async () => {
            await disk.measure();
            const http2 = (await publishOverHttp2(load)).eventsPerSecond;
            const bySegments = await publish(segments, load);
            return { http2, segments: bySegments, level: await publish(level, load) };
          });
          return { figures: [...figuresOf(rounds, disk), ...disk.figures()] };
        },
        ["--journal", "level"],
      ),
    );
  },
};

interface Round {
  readonly http2: number;
  readonly segments: MeasuredLoad;
  readonly level: MeasuredLoad;
}

function figuresOf(rounds: readonly Round[], disk: DiskCeilings): Figure[] {
  const ratio = (value: (load: MeasuredLoad) => number) =>
    rounds.map(({ segments, level }) => value(level) / value(segments));
  const ofKind = (name: string, kind: "segments" | "level"): Figure[] => {
    const loads = rounds.map((round) => round[kind]);
    const http2 = { name: "http2", values: rounds.map((round) => round.http2) };
    return [
      {
        name: `${name}: publish`,
        unit: "events/s",
        values: loads.map(({ eventsPerSecond }) => eventsPerSecond),
        ceiling: http2,
      },
      {
        name: `${name}: payload bytes`,
        unit: "MB/s",
        values: loads.map(({ megabytesPerSecond }) => megabytesPerSecond),
        ceiling: disk.rate,
      },
      {
        name: `${name}: frame to ack p50`,
        unit: "ms",
        values: loads.map(({ ackMsP50 }) => ackMsP50),
        ceiling: disk.syncP50,
      },
      {
        name: `${name}: processor time per event`,
        unit: "us",
        values: loads.map(({ usage }) => usage.microsecondsPerEvent),
      },
    ];
  };
  return [
    { name: "rate into LevelDB by rate into segments", unit: "ratio", values: ratio(rateOf) },
    {
      name: "processor time per event, LevelDB by segments",
      unit: "ratio",
      values: ratio(({ usage }) => usage.microsecondsPerEvent),
    },
    ...ofKind("segments", "segments"),
    ...ofKind("LevelDB", "level"),
  ];
}

function rateOf({ eventsPerSecond }: MeasuredLoad): number {
  return eventsPerSecond;
}
