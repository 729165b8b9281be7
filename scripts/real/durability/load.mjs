import { setTimeout as pause } from "node:timers/promises";
import { PubSubClient, PubSubError } from "../../../packages/client/dist/index.js";

/** Topic of all events; of a family that is created on first use. */
export const TOPIC = "poet/durability";
/** Publishes that are under way at a time. */
const IN_FLIGHT = 200;
const PAYLOAD = "x".repeat(200);

/**
 * Publishes numbered events until `ackedMin` were acknowledged and `afterMs` more have passed, then
 * calls `cut` in the middle of it.
 *
 * @returns {Promise<{id: string, offset: bigint}[]>} what was acknowledged, in the order of the numbers
 */
export async function publishUntilCut({ address, from, ackedMin, afterMs, cut }) {
  const client = await PubSubClient.connect({
    address,
    publishTimeoutMs: 5_000,
    closeTimeoutMs: 1,
  });
  const acked = [];
  let [number, isOver] = [from, false];
  const worker = async () => {
    while (!isOver) {
      const id = `event-${number}`;
      const json = { number, PAYLOAD };
      number += 1;
      try {
        const { offset } = await client.publish(TOPIC, { id, source: "/load", type: "load", json });
        acked.push({ id, offset });
      } catch (error) {
        // After the cut nothing is acknowledged any more: what was under way fails.
        if (!isOver) throw error;
      }
    }
  };
  const workers = Array.from({ length: IN_FLIGHT }, worker);
  const failed = Promise.all(workers).then(() => undefined);
  const isDone = async () => {
    while (acked.length < ackedMin) await pause(5);
    await pause(afterMs);
  };
  await Promise.race([isDone(), failed]);
  await cut();
  isOver = true;
  await client.close();
  await failed;
  return acked;
}

/** All events of the topic in order, as a client reads them; none when the topic is gone. */
export async function readAll(address) {
  const client = await PubSubClient.connect({ address });
  const events = [];
  try {
    for await (const { id, offset } of client.read(TOPIC)) events.push({ id, offset });
  } catch (error) {
    if (!(error instanceof PubSubError && error.reason === "TOPIC_NOT_FOUND")) throw error;
  } finally {
    await client.close();
  }
  return events;
}

/** What is wrong with the stored events, given the acknowledged ones: losses, moves, doubles, order. */
export function judge(acked, stored) {
  const faults = { lost: 0, moved: 0, doubled: 0, disordered: 0 };
  const offsets = new Map();
  let [last, lastOffset] = [-1, -1n];
  for (const { id, offset } of stored) {
    if (offsets.has(id)) faults.doubled += 1;
    offsets.set(id, offset);
    const number = Number(id.slice("event-".length));
    if (number <= last || offset <= lastOffset) faults.disordered += 1;
    [last, lastOffset] = [number, offset];
  }
  for (const { id, offset } of acked) {
    const found = offsets.get(id);
    if (found === undefined) faults.lost += 1;
    else if (found !== offset) faults.moved += 1;
  }
  return faults;
}
