import {
  type ChangeableSubscriptionSettings,
  type PubSubClient,
  PubSubError,
  type SeekTarget,
  type SubscriptionOptions,
} from "@opendxa/pubsub-client";
import { GONE_POLL_MS, TAKE_TIMEOUT_MS_DEFAULT } from "../limits.js";
import { type Fields, number, text } from "./event-json.js";

/** Settings of a subscription that may change, those that are stated. */
function changeableOf(args: Fields): ChangeableSubscriptionSettings {
  const retryMs = number(args, "retry_ms");
  const ackDeadlineMs = number(args, "ack_deadline_ms");
  const attemptsMax = number(args, "attempts_max");
  const expiryMs = text(args, "expiry_ms");
  const deadLetterTopic = text(args, "dead_letter_topic");
  return {
    ...(deadLetterTopic === undefined ? {} : { deadLetterTopic }),
    ...(ackDeadlineMs === undefined ? {} : { ackDeadlineMs }),
    ...(attemptsMax === undefined ? {} : { attemptsMax }),
    ...(retryMs === undefined
      ? {}
      : { retry: { minMs: retryMs, maxMs: number(args, "retry_max_ms") ?? retryMs } }),
    ...(expiryMs === undefined ? {} : { expiryMs: BigInt(expiryMs) }),
  };
}

/** Settings of a subscription, those that are stated. */
export function subscriptionOptionsOf(args: Fields): SubscriptionOptions {
  const topic = args["topic"];
  const timeUnixMs = text(args, "time_unix_ms");
  const { expiryMs, ...changeable } = changeableOf(args);
  return {
    ...changeable,
    order: args["ordered"] === true ? "key" : "none",
    ...(Array.isArray(topic) ? { topics: topic as string[] } : { topic: text(args, "topic") }),
    start:
      timeUnixMs === undefined
        ? ((text(args, "start") ?? "latest") as "latest" | "earliest")
        : { timeUnixMs: BigInt(timeUnixMs) },
    ...(expiryMs === undefined ? {} : { expiryMs: Number(expiryMs) }),
  };
}

function targetOf(args: Fields): SeekTarget {
  const snapshot = text(args, "snapshot");
  if (snapshot !== undefined) return { snapshot };
  const topic = text(args, "topic");
  if (topic !== undefined) return { topic, offset: BigInt(text(args, "offset") ?? 0) };
  const timeUnixMs = text(args, "time_unix_ms");
  if (timeUnixMs !== undefined) return { timeUnixMs: BigInt(timeUnixMs) };
  return (text(args, "start") ?? "latest") as "latest" | "earliest";
}

/** Waits until a condition holds. */
export async function untilTrue(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + TAKE_TIMEOUT_MS_DEFAULT;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("the condition never held");
    await new Promise((resolve) => setTimeout(resolve, GONE_POLL_MS));
  }
}

async function isThere(client: PubSubClient, name: string): Promise<boolean> {
  try {
    await client.getSubscription(name);
    return true;
  } catch (error) {
    if (PubSubError.from(error).reason === "SUBSCRIPTION_NOT_FOUND") return false;
    throw error;
  }
}

type Operation = (session: { readonly client: PubSubClient }, args: Fields) => Promise<Fields>;

const nameOf = (args: Fields): string => text(args, "subscription") ?? "";

async function accountingOf(client: PubSubClient, args: Fields): Promise<Fields> {
  const { deadLettered, ...rest } = await client.subscriptions.getAccounting(nameOf(args));
  const texts = Object.entries({ ...rest, dead_lettered: deadLettered });
  return Object.fromEntries(texts.map(([name, value]) => [name, String(value)]));
}

/** The operations that change subscriptions, by name. */
export const subscriptionOperations: Readonly<Record<string, Operation>> = {
  async create_subscription({ client }, args) {
    await client.createSubscription(nameOf(args), subscriptionOptionsOf(args));
    return {};
  },
  async update_subscription({ client }, args) {
    await client.subscriptions.update(nameOf(args), changeableOf(args));
    return {};
  },
  async pause_subscription({ client }, args) {
    await client.subscriptions.pause(nameOf(args), text(args, "reason"));
    return {};
  },
  async resume_subscription({ client }, args) {
    await client.subscriptions.resume(nameOf(args));
    return {};
  },
  async delete_subscription({ client }, args) {
    await client.deleteSubscription(nameOf(args));
    return {};
  },
  async seek_subscription({ client }, args) {
    await client.subscriptions.seek(nameOf(args), targetOf(args));
    return {};
  },
  async create_snapshot({ client }, args) {
    await client.subscriptions.createSnapshot(text(args, "snapshot") ?? "", nameOf(args));
    return {};
  },
  async list_snapshots({ client }, args) {
    const snapshots: string[] = [];
    for await (const { name } of client.subscriptions.listSnapshots(nameOf(args))) {
      snapshots.push(name);
    }
    return { snapshots };
  },
  async delete_snapshot({ client }, args) {
    await client.subscriptions.deleteSnapshot(text(args, "snapshot") ?? "");
    return {};
  },
  get_accounting: ({ client }, args) => accountingOf(client, args),
  async await_accounting({ client }, args) {
    const { subscription: _, ...wanted } = args;
    await untilTrue(async () => {
      const counts = await accountingOf(client, args);
      return Object.entries(wanted).every(([name, value]) => counts[name] === value);
    });
    return await accountingOf(client, args);
  },
  async list_blocked_keys({ client }, args) {
    const keys: Fields[] = [];
    let lastDueMs = 0n;
    for await (const key of client.subscriptions.listBlockedKeys(nameOf(args))) {
      const { orderingKey, topic, attempts, reason, held, sequence, index } = key;
      const place = { sequence: String(sequence), index };
      const due = { due_time_unix_ms: String(key.dueTimeUnixMs) };
      keys.push({ ordering_key: orderingKey, topic, attempts, reason, held, ...place, ...due });
      if (key.dueTimeUnixMs > lastDueMs) lastDueMs = key.dueTimeUnixMs;
    }
    return { keys, longest_wait_ms: Math.max(0, Number(lastDueMs) - Date.now()) };
  },
  async skip_events({ client }, args) {
    const sequence = BigInt(text(args, "sequence") ?? 0);
    const firstIndex = number(args, "first_index") ?? 0;
    const lastIndex = number(args, "last_index");
    const events = { sequence, firstIndex, lastIndex };
    return { skipped: await client.subscriptions.skipEvents(nameOf(args), events) };
  },
  async release_key({ client }, args) {
    await client.subscriptions.releaseKey(nameOf(args), text(args, "ordering_key") ?? "");
    return {};
  },
  async await_no_subscription({ client }, args) {
    await untilTrue(async () => !(await isThere(client, nameOf(args))));
    return {};
  },
};
