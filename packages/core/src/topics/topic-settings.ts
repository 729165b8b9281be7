import {
  DedupSettings,
  Durability,
  PubSubError,
  TopicIndex,
  TopicSettings,
} from "@opendxa/pubsub-protocol";
import {
  dedupIdsDefault,
  dedupIdsMax,
  dedupWindowMsMax,
  ingressDedupWindowMs,
  partitionsMax,
  retentionMsDefault,
} from "./limits.js";
import { isCreatedOnFirstUse } from "./topic-family.js";

function refuse(field: string, rule: string): never {
  throw PubSubError.of("BAD_REQUEST", `settings.${field} ${rule}`, {
    metadata: { field: `settings.${field}`, rule },
  });
}

function refuseNotServed(field: string, part: string): never {
  throw PubSubError.of("NOT_SERVED_YET", `settings.${field} is not served by this version`, {
    metadata: { field: `settings.${field}`, part },
  });
}

function dedupOf(name: string, dedup: DedupSettings | undefined): DedupSettings | undefined {
  if (dedup === undefined) {
    return name.startsWith("ingress/")
      ? DedupSettings.create({ windowMs: BigInt(ingressDedupWindowMs), idsMax: dedupIdsDefault })
      : undefined;
  }
  if (dedup.windowMs > BigInt(dedupWindowMsMax)) {
    refuse("dedup.window_ms", `must be at most ${dedupWindowMsMax}`);
  }
  if (dedup.idsMax > dedupIdsMax) {
    refuse("dedup.ids_max", `must be at most ${dedupIdsMax}`);
  }
  return dedup.windowMs === 0n ? undefined : { ...dedup, idsMax: dedup.idsMax || dedupIdsDefault };
}

/**
 * Fills in every default of a topic's settings. Throws BAD_REQUEST for a value out of range and
 * NOT_SERVED_YET for settings that a later part of the plan brings.
 */
export function completeTopicSettings(
  name: string,
  settings: TopicSettings | undefined,
): TopicSettings {
  const asked = settings ?? TopicSettings.create();
  if (asked.partitions > partitionsMax) {
    refuse("partitions", `must be at most ${partitionsMax}`);
  }
  if (asked.durability === Durability.OS) {
    refuseNotServed("durability", "2");
  }
  if (asked.retentionMs !== 0n && asked.retentionMs !== BigInt(retentionMsDefault)) {
    refuseNotServed("retention_ms", "2");
  }
  if (asked.retentionBytes !== 0n) {
    refuseNotServed("retention_bytes", "2");
  }
  const indexDefault = isCreatedOnFirstUse(name) ? TopicIndex.ID_AND_CORRELATION : TopicIndex.NONE;
  return {
    partitions: asked.partitions || 1,
    durability: Durability.FSYNC,
    index: asked.index || indexDefault,
    dedup: dedupOf(name, asked.dedup),
    retentionMs: BigInt(retentionMsDefault),
    retentionBytes: 0n,
  };
}

/** The first setting in which two completed settings differ, by its contract name. */
export function differingTopicSetting(a: TopicSettings, b: TopicSettings): string | undefined {
  if (a.partitions !== b.partitions) return "partitions";
  if (a.durability !== b.durability) return "durability";
  if (a.index !== b.index) return "index";
  if (a.dedup?.windowMs !== b.dedup?.windowMs) return "dedup.window_ms";
  if (a.dedup?.idsMax !== b.dedup?.idsMax) return "dedup.ids_max";
  return undefined;
}
