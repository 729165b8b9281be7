/**
 * Pure domain of the broker: state machines without I/O, clock or random.
 *
 * @packageDocumentation
 */

export type { AbsentBatch } from "./delivery/absent-batch.js";
export type { RetryBackoff } from "./delivery/backoff.js";
export { type BatchRef, batchRefOf } from "./delivery/batch-ref.js";
export type { BatchTraits } from "./delivery/batch-traits.js";
export type { BlockedKeyView, KeyName } from "./delivery/blocked-keys.js";
export type { ConsumerCredit } from "./delivery/consumer-ring.js";
export * from "./delivery/create-subscription.js";
export type { Decompress } from "./delivery/dead-letter.js";
export * from "./delivery/dead-letter-events.js";
export * from "./delivery/delete-subscription.js";
export type { DeliverySettings } from "./delivery/delivery-parts.js";
export * from "./delivery/delivery-projection.js";
export type { PausedReason } from "./delivery/dispatch-bounds.js";
export type { DoomedEvents } from "./delivery/doomed-events.js";
export type { DurableState } from "./delivery/durable-cursor.js";
export type { Grant } from "./delivery/granter.js";
export { type Lane, laneOf, lanes } from "./delivery/lane.js";
export type { LanePosition } from "./delivery/lane-state.js";
export { LeaseTokens } from "./delivery/lease-tokens.js";
export * from "./delivery/limits.js";
export type { OperatorDesk } from "./delivery/operator-desk.js";
export { snapshotLane } from "./delivery/snapshot-lane.js";
export * from "./delivery/subscription-delivery.js";
export * from "./delivery/subscription-settings.js";
export * from "./feedback/await-feedback.js";
export * from "./feedback/cancel-wait.js";
export * from "./feedback/feedback-projection.js";
export * from "./feedback/fire-timers.js";
export * from "./feedback/incoming-feedback.js";
export * from "./feedback/limits.js";
export * from "./feedback/queries.js";
export * from "./feedback/receive-feedback.js";
export * from "./feedback/register-execution.js";
export * from "./feedback/timer-key.js";
export * from "./publishing/batches-projection.js";
export * from "./publishing/limits.js";
export * from "./publishing/open-producer.js";
export * from "./publishing/payload-index.js";
export * from "./publishing/publish.js";
export * from "./publishing/stored-batch.js";
export * from "./retention/expire-events.js";
export * from "./retention/limits.js";
export * from "./state/key-text.js";
export * from "./state/operation.js";
export { StateChanges } from "./state/state-changes.js";
export * from "./state/state-key.js";
export * from "./state/state-keys.js";
export * from "./topics/create-topic.js";
export * from "./topics/delete-topic.js";
export * from "./topics/limits.js";
export * from "./topics/pattern-trie.js";
export * from "./topics/pattern-trie-limits.js";
export * from "./topics/topic-family.js";
export * from "./topics/topic-settings.js";
export * from "./topics/topics-projection.js";
export * from "./topics/update-topic.js";
