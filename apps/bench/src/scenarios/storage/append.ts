import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Appended, AppendTask, SingleTimes } from "../../children/append-task.js";
import { DiskCeilings } from "../../disk-figures.js";
import { CHILD_WAIT_MS } from "../../limits.js";
import { runChild } from "../../processes/child.js";
import type { Figure } from "../../report/result.js";
import { inRounds, type PartContext, type PartResult, type StoragePart } from "./part.js";
import { APPEND_BATCH_BYTES, FRAMES_IN_FLIGHT, SINGLE_APPEND_BYTES } from "./sizes.js";

/** Share of the disk's sequential rate that appends must reach. */
const DISK_SHARE_REQUIRED = 0.6;
/** How many times as long as a bare write and fdatasync a single append may take. */
const SINGLE_RATIO_REQUIRED = 1.3;

/** The journal alone on the real disk, against the same disk without a journal. */
export const append: StoragePart = {
  name: "append",
  title: "the journal alone, against the bare disk",
  limitMs: 300_000,
  run: async (context) => {
    const disk = new DiskCeilings(context.folder);
    const rounds = await inRounds(context, async () => {
      await disk.measure();
      return await appendOnce(context);
    });
    return { figures: [...figuresOf(rounds), ...disk.figures()], notes };
  },
};

const notes = [
  "append: the journal and the bare disk alternate in short slices, single appends and bare writes one by one, through the same calls of Node. What is spent in neither write nor fdatasync is the journal's own; it holds whatever mood the disk is in.",
];

async function appendOnce({ folder, sizes }: PartContext): Promise<Appended> {
  const own = join(folder, "append");
  await mkdir(own);
  const task: AppendTask = {
    folder: own,
    batchBytes: APPEND_BATCH_BYTES,
    inFlight: FRAMES_IN_FLIGHT,
    windowMs: sizes.appendWindowMs,
    singleBytes: SINGLE_APPEND_BYTES,
    singles: sizes.singleAppends,
    singlesBefore: sizes.singleAppendsBefore,
  };
  const timeoutMs = 2 * CHILD_WAIT_MS;
  const appended = await runChild<AppendTask, Appended>({
    name: "journal-append-child",
    task,
    timeoutMs,
  });
  await rm(own, { recursive: true });
  return appended;
}

function figuresOf(rounds: readonly Appended[]): PartResult["figures"] {
  return [
    ...APPEND_BATCH_BYTES.flatMap((bytes, index) => batchFigures(rounds, bytes, index)),
    ...singleFigures(rounds),
  ];
}

function batchFigures(rounds: readonly Appended[], bytes: number, index: number): Figure[] {
  const measured = rounds.flatMap(({ batches }) => batches[index] ?? []);
  const name = `${bytes / 1_024} KiB, ${FRAMES_IN_FLIGHT} in flight`;
  return [
    {
      name: `${name}, of sequential write + fdatasync`,
      unit: "ratio",
      values: measured.map(({ journal, disk }) => journal / disk),
      required: { at: "least", value: DISK_SHARE_REQUIRED },
    },
    {
      name,
      unit: "MB/s",
      values: measured.map(({ journal }) => journal),
      ceiling: { name: "disk", values: measured.map(({ disk }) => disk) },
    },
    {
      name: `${name}, time in neither write nor fdatasync`,
      unit: "share",
      values: measured.map(({ ownShare }) => ownShare),
    },
  ];
}

function singleFigures(rounds: readonly Appended[]): Figure[] {
  const ofSingle = (value: (times: SingleTimes) => number) =>
    rounds.map(({ single }) => value(single));
  const ofBare = (value: (times: SingleTimes) => number) => rounds.map(({ bare }) => value(bare));
  const bytes = `${SINGLE_APPEND_BYTES} B`;
  const figure = (what: string, value: (times: SingleTimes) => number): Figure => ({
    name: `${bytes} alone, ${what}`,
    unit: "ms",
    values: ofSingle(value),
    ceiling: { name: "bare", values: ofBare(value) },
  });
  return [
    {
      name: `${bytes} alone, of bare write + fdatasync, p50`,
      unit: "ratio",
      values: rounds.map(({ single, bare }) => single.p50 / bare.p50),
      required: { at: "most", value: SINGLE_RATIO_REQUIRED },
    },
    {
      name: `${bytes} alone, of bare write + fdatasync, mean`,
      unit: "ratio",
      values: rounds.map(({ single, bare }) => single.mean / bare.mean),
    },
    figure("p50", ({ p50 }) => p50),
    figure("p99", ({ p99 }) => p99),
    figure("mean", ({ mean }) => mean),
    figure("of the mean in write", ({ writeMean }) => writeMean),
    figure("of the mean in fdatasync", ({ syncMean }) => syncMean),
    figure(
      "of the mean in neither",
      ({ mean, writeMean, syncMean }) => mean - writeMean - syncMean,
    ),
  ];
}
