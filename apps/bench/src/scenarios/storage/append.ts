import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Appended, AppendTask, SingleTimes } from "../../children/append-task.js";
import { DiskCeilings } from "../../disk-figures.js";
import { CHILD_WAIT_MS } from "../../limits.js";
import { runChild } from "../../processes/child.js";
import type { Figure } from "../../report/result.js";
import { inRounds, type PartContext, type StoragePart } from "./part.js";
import { APPEND_BATCH_BYTES, FRAMES_IN_FLIGHT, SINGLE_APPEND_BYTES } from "./sizes.js";

/** Share of the disk's sequential rate that appends must reach. */
const DISK_SHARE_REQUIRED = 0.6;
/** How many times as long as a bare write and fdatasync a single append may take. */
const SINGLE_RATIO_REQUIRED = 1.3;

/** Both journals alone on the real disk, against the same disk without a journal. */
export const append: StoragePart = {
  name: "append",
  title: "the journal alone, against the bare disk",
  limitMs: 600_000,
  run: async (context) => {
    const disk = new DiskCeilings(context.folder);
    const rounds = await inRounds(context, async () => {
      await disk.measure();
      const segments = await appendOnce(context, "segments");
      return { segments, level: await appendOnce(context, "level") };
    });
    const segments = rounds.map((round) => round.segments);
    const level = rounds.map((round) => round.level);
    return {
      figures: [...segmentFigures(segments), ...levelFigures(level), ...disk.figures()],
      notes,
    };
  },
};

const notes = [
  "append: the journal and the bare disk alternate in short slices, single appends and bare writes one by one, through the same calls of Node. What is spent in neither write nor fdatasync is the journal's own; it holds whatever mood the disk is in.",
  "append: the rows of LevelDB are the second journal in the same rounds against the same disk. Nothing is required of them: LevelDB writes each payload several times.",
];

async function appendOnce(
  { folder, sizes }: PartContext,
  kind: AppendTask["kind"],
): Promise<Appended> {
  const own = join(folder, "append");
  await mkdir(own);
  const task: AppendTask = {
    kind,
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

const SINGLE = `${SINGLE_APPEND_BYTES} B alone`;

function batchName(bytes: number): string {
  return `${bytes / 1_024} KiB, ${FRAMES_IN_FLIGHT} in flight`;
}

function segmentFigures(rounds: readonly Appended[]): Figure[] {
  const batches = APPEND_BATCH_BYTES.flatMap((bytes, index): Figure[] => {
    const [share, rate] = batchFigures(rounds, bytes, index);
    const name = `${batchName(bytes)}, time in neither write nor fdatasync`;
    const values = rounds.flatMap((round) => round.batches[index]?.ownShare ?? []);
    return [
      { ...share, required: { at: "least", value: DISK_SHARE_REQUIRED } },
      rate,
      { name, unit: "share", values },
    ];
  });
  const [ratio, ...single] = singleFigures(rounds);
  return [
    ...batches,
    { ...ratio, required: { at: "most", value: SINGLE_RATIO_REQUIRED } },
    ...single,
    timesFigure(rounds, "of the mean in write", ({ writeMean }) => writeMean),
    timesFigure(rounds, "of the mean in fdatasync", ({ syncMean }) => syncMean),
    timesFigure(
      rounds,
      "of the mean in neither",
      ({ mean, writeMean, syncMean }) => mean - writeMean - syncMean,
    ),
  ];
}

/** The same rows but for those of the single calls to the disk, which LevelDB makes itself. */
function levelFigures(rounds: readonly Appended[]): Figure[] {
  const batches = APPEND_BATCH_BYTES.flatMap((bytes, index) => batchFigures(rounds, bytes, index));
  const figures = [...batches, ...singleFigures(rounds)];
  return figures.map((figure) => ({ ...figure, name: `LevelDB: ${figure.name}` }));
}

function batchFigures(
  rounds: readonly Appended[],
  bytes: number,
  index: number,
): [share: Figure, rate: Figure] {
  const measured = rounds.flatMap(({ batches }) => batches[index] ?? []);
  const name = batchName(bytes);
  return [
    {
      name: `${name}, of sequential write + fdatasync`,
      unit: "ratio",
      values: measured.map(({ journal, disk }) => journal / disk),
    },
    {
      name,
      unit: "MB/s",
      values: measured.map(({ journal }) => journal),
      ceiling: { name: "disk", values: measured.map(({ disk }) => disk) },
    },
  ];
}

function singleFigures(rounds: readonly Appended[]): [ratio: Figure, ...times: Figure[]] {
  return [
    {
      name: `${SINGLE}, of bare write + fdatasync, p50`,
      unit: "ratio",
      values: rounds.map(({ single, bare }) => single.p50 / bare.p50),
    },
    {
      name: `${SINGLE}, of bare write + fdatasync, mean`,
      unit: "ratio",
      values: rounds.map(({ single, bare }) => single.mean / bare.mean),
    },
    timesFigure(rounds, "p50", ({ p50 }) => p50),
    timesFigure(rounds, "p99", ({ p99 }) => p99),
    timesFigure(rounds, "mean", ({ mean }) => mean),
  ];
}

function timesFigure(
  rounds: readonly Appended[],
  what: string,
  value: (times: SingleTimes) => number,
): Figure {
  return {
    name: `${SINGLE}, ${what}`,
    unit: "ms",
    values: rounds.map(({ single }) => value(single)),
    ceiling: { name: "bare", values: rounds.map(({ bare }) => value(bare)) },
  };
}
