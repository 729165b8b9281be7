import type { PublishRate, PublishTask } from "../children/publish-task.js";
import { CHILD_WAIT_MS } from "../limits.js";
import type { BrokerProcess } from "./broker-process.js";
import { type BrokerUsage, usageBetween } from "./broker-usage.js";
import { runChild, startChild } from "./child.js";

/** What is published, without saying to whom. */
export type Load = Omit<PublishTask, "address">;

/** A load and what it cost. */
export interface MeasuredLoad extends PublishRate {
  /** What it cost the broker, warm-up included. */
  readonly usage: BrokerUsage;
}

/** Publishes to a broker from a process of its own. */
export async function publish(broker: BrokerProcess, load: Load): Promise<MeasuredLoad> {
  const before = await broker.read();
  const rate = await runPublisher("grpc-publisher-child", { ...load, address: broker.address });
  return { ...rate, usage: usageBetween(before, await broker.read(), rate.eventsAcked) };
}

/** Publishes to a broker that ends under the load, and resolves when the publisher has failed. */
export async function publishUntilCutOff({ address }: BrokerProcess, load: Load): Promise<void> {
  const options = { name: "grpc-publisher-child", task: { ...load, address }, isCutOff: true };
  const timeoutMs = load.warmUpMs + load.measureMs + CHILD_WAIT_MS;
  await runChild<PublishTask, PublishRate>({ ...options, timeoutMs }).then(
    () => Promise.reject(new Error("the publisher was not cut off")),
    () => undefined,
  );
}

/** Carries the same frames over raw node:http2, between two processes, and stores nothing. */
export async function publishOverHttp2(load: Load): Promise<PublishRate> {
  const server = await startChild<object, { address: string }>({
    name: "http2-server-child",
    task: {},
    timeoutMs: CHILD_WAIT_MS,
  });
  try {
    const { address } = server.answer;
    return await runPublisher("http2-publisher-child", { ...load, address });
  } finally {
    server.stop();
  }
}

function runPublisher(name: string, task: PublishTask): Promise<PublishRate> {
  const timeoutMs = task.warmUpMs + task.measureMs + CHILD_WAIT_MS;
  return runChild<PublishTask, PublishRate>({ name, task, timeoutMs });
}
