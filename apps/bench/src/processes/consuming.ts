import type { SubscribeTask } from "../children/subscribe-task.js";
import { CHILD_WAIT_MS } from "../limits.js";
import type { BrokerProcess } from "./broker-process.js";
import { startChild } from "./child.js";

/** Runs work while a consumer in a process of its own acks everything that comes. */
export async function whileConsumed<T>(
  { address }: BrokerProcess,
  task: Omit<SubscribeTask, "address">,
  work: () => Promise<T>,
): Promise<T> {
  const consumer = await startChild<SubscribeTask, true>({
    name: "subscriber-child",
    task: { ...task, address },
    timeoutMs: CHILD_WAIT_MS,
  });
  try {
    return await work();
  } finally {
    consumer.stop();
  }
}
