import { join } from "node:path";
import { DiskCeilings } from "../../disk-figures.js";
import { bareNodeStartMs } from "../../processes/bare-node.js";
import { startBroker } from "../../processes/broker-process.js";
import { inRounds, type PartContext, type StoragePart } from "./part.js";

/** From exec to SERVING, in milliseconds. */
const START_MS_REQUIRED = 1_000;

interface Start {
  readonly fromExecMs: number;
  readonly fromMainMs: number;
  readonly processorMs: number;
  readonly bareNodeMs: number;
}

/** Start of a broker whose data folder does not exist yet. */
export const emptyStart: StoragePart = {
  name: "start",
  title: "start of an empty broker",
  limitMs: 180_000,
  run: async (context) => {
    const disk = new DiskCeilings(context.folder);
    const starts = await inRounds(context, async (round) => {
      await disk.measure();
      return await startOnce(context, round);
    });
    return {
      figures: [
        {
          name: "exec to SERVING",
          unit: "ms",
          values: starts.map(({ fromExecMs }) => fromExecMs),
          required: { at: "most", value: START_MS_REQUIRED },
          ceiling: { name: "bare node", values: starts.map(({ bareNodeMs }) => bareNodeMs) },
        },
        {
          name: "main() to SERVING",
          unit: "ms",
          values: starts.map(({ fromMainMs }) => fromMainMs),
        },
        {
          name: "processor time until SERVING",
          unit: "ms",
          values: starts.map(({ processorMs }) => processorMs),
        },
        ...disk.figures(),
      ],
    };
  },
};

async function startOnce({ folder }: PartContext, round: number): Promise<Start> {
  const bareNodeMs = await bareNodeStartMs();
  const broker = await startBroker(join(folder, `data-${round}`));
  try {
    const { mainAtMs, processorMs } = await broker.read();
    const servingAtMs = broker.execAtMs + broker.startMs;
    const fromMainMs = servingAtMs - mainAtMs;
    return { fromExecMs: broker.startMs, fromMainMs, processorMs, bareNodeMs };
  } finally {
    await broker.stop();
  }
}
