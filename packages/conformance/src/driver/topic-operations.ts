import {
  type ChangeableTopicSettings,
  Durability,
  type PubSubClient,
  PubSubError,
} from "@opendxa/pubsub-client";
import { GONE_POLL_MS, TAKE_TIMEOUT_MS_DEFAULT } from "../limits.js";
import { type Fields, text } from "./event-json.js";

/** Settings of a topic, those that are stated: 64-bit numbers are decimal texts. */
export function topicSettingsOf(args: Fields): ChangeableTopicSettings {
  const windowMs = text(args, "dedup_window_ms");
  const retentionMs = text(args, "retention_ms");
  const retentionBytes = text(args, "retention_bytes");
  const durability = text(args, "durability");
  const idsMax = Number(text(args, "dedup_ids_max") ?? 0);
  return {
    ...(windowMs === undefined ? {} : { dedup: { windowMs: BigInt(windowMs), idsMax } }),
    ...(retentionMs === undefined ? {} : { retentionMs: BigInt(retentionMs) }),
    ...(retentionBytes === undefined ? {} : { retentionBytes: BigInt(retentionBytes) }),
    ...(durability === undefined
      ? {}
      : { durability: durability === "os" ? Durability.OS : Durability.FSYNC }),
  };
}

/** Settings of a topic that the broker filled in. */
export async function topicJson(client: PubSubClient, args: Fields): Promise<Fields> {
  const { settings } = await client.getTopic(text(args, "topic") ?? "");
  const { windowMs = 0n, idsMax = 0 } = settings?.dedup ?? {};
  return { dedup_window_ms: String(windowMs), dedup_ids_max: idsMax };
}

async function isStored(client: PubSubClient, topic: string, offset: bigint): Promise<boolean> {
  try {
    for await (const event of client.read(topic, { offset, eventsMax: 1 })) {
      if (event.offset === offset) return true;
    }
  } catch (error) {
    if (PubSubError.from(error).reason !== "OFFSET_OUT_OF_RANGE") throw error;
  }
  return false;
}

/** Waits until an event is stored no longer. */
export async function awaitGone(client: PubSubClient, args: Fields): Promise<Fields> {
  const topic = text(args, "topic") ?? "";
  const offset = BigInt(text(args, "offset") ?? 0);
  const deadline = Date.now() + TAKE_TIMEOUT_MS_DEFAULT;
  while (await isStored(client, topic, offset)) {
    if (Date.now() > deadline) throw new Error(`${topic} still has offset ${offset}`);
    await new Promise((resolve) => setTimeout(resolve, GONE_POLL_MS));
  }
  return {};
}
