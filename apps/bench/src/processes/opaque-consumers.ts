import type { Consumed, ConsumersOpen, ConsumeTask } from "../children/consume-task.js";
import { CHILD_WAIT_MS } from "../limits.js";
import type { BrokerProcess } from "./broker-process.js";
import { type StartedChild, startChild } from "./child.js";

/** Consumers in a process of their own, which say what they got when they have all of it. */
export type OpaqueConsumers = StartedChild<ConsumersOpen, Consumed>;

/** Opens consumers that settle without reading events; resolves when all are joined. */
export function startConsumers(
  { address }: BrokerProcess,
  task: Omit<ConsumeTask, "address">,
): Promise<OpaqueConsumers> {
  return startChild<ConsumeTask, ConsumersOpen, Consumed>({
    name: "opaque-consumer-child",
    task: { ...task, address },
    timeoutMs: CHILD_WAIT_MS,
  });
}
