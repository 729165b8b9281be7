import {
  badRequest,
  DedupSettings,
  Durability,
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
  retentionMsMin,
} from "./limits.js";
import { isCreatedOnFirstUse } from "./topic-family.js";

function refuse(field: string, rule: string): never {
  throw badRequest(`settings.${field}`, rule);
}

function durabilityOf(asked: Durability): Durability {
  if (asked === Durability.UNSPECIFIED) return Durability.FSYNC;
  if (asked === Durability.FSYNC || asked === Durability.OS) return asked;
  return refuse("durability", "must be FSYNC or OS");
}

function indexOf(name: string, asked: TopicIndex): TopicIndex {
  switch (asked) {
    case TopicIndex.UNSPECIFIED:
      return isCreatedOnFirstUse(name) ? TopicIndex.ID_AND_CORRELATION : TopicIndex.NONE;
    case TopicIndex.NONE:
    case TopicIndex.ID:
    case TopicIndex.ID_AND_CORRELATION:
      return asked;
    default:
      return refuse("index", "must be NONE, ID or ID_AND_CORRELATION");
  }
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

function retentionOf(asked: bigint, retentionMsMax: number): bigint {
  if (asked === 0n) return BigInt(Math.min(retentionMsDefault, retentionMsMax));
  if (asked < BigInt(retentionMsMin) || asked > BigInt(retentionMsMax)) {
    refuse("retention_ms", `must be ${retentionMsMin} to ${retentionMsMax}`);
  }
  return asked;
}

/**
 * Fills in every default of a topic's settings. Throws BAD_REQUEST for a value out of range.
 *
 * @param retentionMsMax longest retention that may be asked for, in milliseconds
 */
export function completeTopicSettings(
  name: string,
  settings: TopicSettings | undefined,
  retentionMsMax: number = retentionMsDefault,
): TopicSettings {
  const asked = settings ?? TopicSettings.create();
  if (asked.partitions > partitionsMax) {
    refuse("partitions", `must be at most ${partitionsMax}`);
  }
  return {
    partitions: asked.partitions || 1,
    durability: durabilityOf(asked.durability),
    index: indexOf(name, asked.index),
    dedup: dedupOf(name, asked.dedup),
    retentionMs: retentionOf(asked.retentionMs, retentionMsMax),
    retentionBytes: asked.retentionBytes,
  };
}

/** The first setting in which two completed settings differ, by its contract name. */
export function differingTopicSetting(a: TopicSettings, b: TopicSettings): string | undefined {
  if (a.partitions !== b.partitions) return "partitions";
  if (a.durability !== b.durability) return "durability";
  if (a.index !== b.index) return "index";
  if (a.dedup?.windowMs !== b.dedup?.windowMs) return "dedup.window_ms";
  if (a.dedup?.idsMax !== b.dedup?.idsMax) return "dedup.ids_max";
  if (a.retentionMs !== b.retentionMs) return "retention_ms";
  if (a.retentionBytes !== b.retentionBytes) return "retention_bytes";
  return undefined;
}
