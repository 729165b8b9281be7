import { textOfSegment } from "@opendxa/pubsub-core";
import type { ResidentState } from "./state-cache.js";
import type { TopicTable } from "./topic-table.js";

const prefix = "topic/";

/**
 * Topics by name out of the table of topics, so that nobody reads them from the index. The table
 * follows durable entries; what is decided and not durable yet is pinned above it, and what is
 * pinned no more is durable and was followed.
 */
export function residentTopics(topics: TopicTable): ResidentState {
  return {
    holds: (name) => name.startsWith(prefix),
    get: (name) => topics.byName(textOfSegment(name.slice(prefix.length))),
  };
}
