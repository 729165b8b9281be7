import { join } from "node:path";
import { withFolder } from "../../bench-folder.js";
import type { ConsumersOpen } from "../../children/consume-task.js";
import { type Handled, type HandleTask, keyOf, type PacedTask } from "../../children/paced-task.js";
import { CHILD_WAIT_MS } from "../../limits.js";
import { memoryFolder } from "../../memory-folder.js";
import { pacedWriteMsP99 } from "../../paced-writes.js";
import type { BrokerProcess } from "../../processes/broker-process.js";
import { runChild, startChild } from "../../processes/child.js";
import { whileServing } from "../../processes/while-serving.js";
import { createTopic } from "./loads.js";
import { type DeliveryPart, inRounds, type PartContext } from "./part.js";
import type { DeliverySizes } from "./sizes.js";

/** Others' p99 beside a poisoned key or a stuck consumer, by their p99 without. */
const P99_RATIO_REQUIRED = 1.3;
/** A steady load far below what the broker can do: latency must not be that of a queue. */
const EVENTS_PER_SECOND = 2_000;
const CONSUMERS = 100;
/** Synced writes of the disk alone: about as many as the broker makes at that load. */
const DISK_WRITES_PER_SECOND = 500;
/** One of so many events is of the poisoned key: what waits behind it grows all the time. */
export const POISONED_EVERY = 100;

interface Trouble {
  readonly name: string;
  readonly order: HandleTask["order"];
  readonly consumers: number;
  readonly stuck: number;
  readonly isPoisoned: boolean;
}

const troubles: readonly Trouble[] = [
  { name: "one poisoned key among all", order: "key", consumers: 4, stuck: 0, isPoisoned: true },
  {
    name: `one stuck consumer among ${CONSUMERS}`,
    order: "none",
    consumers: CONSUMERS,
    stuck: 1,
    isPoisoned: false,
  },
];

/**
 * What others notice of an event that never succeeds, and of a consumer that does nothing. Each
 * measurement has a broker of its own: an older one has more in its caches and a longer collection of
 * garbage, which would be taken for trouble. Data lies in memory where the machine has room there: the
 * stalls of a disk, which hit with and without trouble as chance has it, are longer than any p99 that
 * is asked about. A round publishes for almost three minutes at its full size.
 */
export const fairness: DeliveryPart = {
  name: "fairness",
  title: "latency of all others beside one poisoned key, and beside one stuck consumer",
  limitMs: 2_400_000,
  run: async (context) => {
    const memory = await memoryFolder();
    const parent = memory ?? context.folder;
    const durationMs = context.sizes.diskAloneMs;
    const diskLoad = { writesPerSecond: DISK_WRITES_PER_SECOND, durationMs };
    const disk: number[] = [];
    const rounds = await inRounds(context, async () => {
      disk.push(await pacedWriteMsP99(context.folder, diskLoad));
      const measured: { readonly without: Handled; readonly beside: Handled }[] = [];
      for (const trouble of troubles) {
        const sound = { ...trouble, stuck: 0, isPoisoned: false };
        const without = await measure(parent, sound, context);
        measured.push({ without, beside: await measure(parent, trouble, context) });
      }
      return measured;
    });
    const figures = troubles.flatMap(({ name }, at) => {
      const own = rounds.map((round) => round[at] as (typeof round)[number]);
      return [
        {
          name: `${name}: p99 of the others by theirs without`,
          unit: "ratio",
          values: own.map(({ without, beside }) => beside.msP99 / without.msP99),
          required: { at: "most", value: P99_RATIO_REQUIRED } as const,
        },
        { name: `${name}: p50`, unit: "ms", values: own.map(({ beside }) => beside.msP50) },
        {
          name: `${name}: p50 without`,
          unit: "ms",
          values: own.map(({ without }) => without.msP50),
        },
        { name: `${name}: p99`, unit: "ms", values: own.map(({ beside }) => beside.msP99) },
        {
          name: `${name}: p99 without`,
          unit: "ms",
          values: own.map(({ without }) => without.msP99),
        },
      ];
    });
    const diskAlone = `the disk alone, ${DISK_WRITES_PER_SECOND} synced writes a second: p99`;
    return {
      figures: [...figures, { name: diskAlone, unit: "ms", values: disk }],
      notes: [
        memory === undefined
          ? "fairness: no room in memory, so its p99 holds the stalls of the disk; compare with the disk alone"
          : `fairness: data lay in ${memory}; the disk alone is shown for comparison`,
      ],
    };
  },
};

/** How late events are handled that nothing is wrong with. */
function measure(parent: string, trouble: Trouble, { sizes }: PartContext): Promise<Handled> {
  return withFolder(parent, (folder) =>
    whileServing(join(folder, "data"), (broker) => measureIn(broker, trouble, sizes)),
  );
}

async function measureIn(
  broker: BrokerProcess,
  { order, consumers, stuck, isPoisoned }: Trouble,
  sizes: DeliverySizes,
): Promise<Handled> {
  const topic = "bench/fairness";
  const { address } = broker;
  await createTopic(broker, topic);
  const keys = sizes.fairnessKeys;
  const events = order === "key" ? sizes.fairnessKeyedEvents : sizes.fairnessEvents;
  const task: PacedTask = {
    address,
    topic,
    keys,
    firstKeyEvery: POISONED_EVERY,
    eventsPerSecond: EVENTS_PER_SECOND,
    events,
  };
  // What a stuck consumer holds never comes to be handled, and the poisoned key is not looked at without poison either.
  const unmeasured = stuck * CREDIT_EVENTS + (order === "key" ? eventsOfFirstKey(task) : 0);
  const consuming = await startChild<HandleTask, ConsumersOpen, Handled>({
    name: "handling-consumer-child",
    task: {
      address,
      topic,
      subscription: "fairness",
      order,
      consumers,
      stuck,
      creditEvents: CREDIT_EVENTS,
      keyApart: order === "key" ? "key-0" : undefined,
      isPoisoned,
      events: events - unmeasured,
      warmUpEvents: sizes.fairnessWarmUpEvents,
    },
    timeoutMs: CHILD_WAIT_MS,
  });
  try {
    const handled = consuming.next(sizes.loadMsMax);
    await runChild({ name: "paced-publisher-child", task, timeoutMs: sizes.loadMsMax });
    return await handled;
  } finally {
    consuming.stop();
  }
}

function eventsOfFirstKey(task: PacedTask): number {
  let count = 0;
  for (let number = 0; number < task.events; number += 1) {
    if (keyOf(number, task) === 0) count += 1;
  }
  return count;
}

/** Credit of one consumer: the most that a stuck one holds. */
const CREDIT_EVENTS = 100;
