/**
 * Client of the OpenDXA PubSub broker: publish, subscribe, read, and wait for feedback.
 *
 * @packageDocumentation
 */
export {
  type BlockedKey,
  Durability,
  type EncodeBatchOptions,
  type ErrorReasonName,
  type Execution,
  encodeBatch,
  type FeedbackEvent,
  type GetAccountingResponse,
  type GetBrokerResponse,
  type LearningEvent,
  type OutgoingEvent,
  Priority,
  PubSubError,
  type RecordBatch,
  type Snapshot,
  type Subscription as SubscriptionState,
  type Topic,
  TopicIndex,
  type TopicSettings,
  topicForType,
  topicsOf,
} from "@opendxa/pubsub-protocol";
export type { ChangeableTopicSettings, ScheduledEvent } from "./admin.js";
export { ADDRESS_DEFAULT, ADDRESS_VARIABLE, type ClientOptions } from "./client-options.js";
export type { ClientState, StateChange, StateListener } from "./connection/client-state.js";
export type { RequestOptions } from "./connection/connection.js";
export type { AwaitFeedbackOptions, FeedbackOutcome } from "./feedback/await-feedback.js";
export type {
  ExecutionInput,
  FeedbackSubmission,
  RegisteredExecution,
  SubmittedFeedback,
} from "./feedback/executions.js";
export {
  type FeedbackInput,
  type FeedbackJson,
  feedbackFromJson,
  feedbackJson,
} from "./feedback/feedback-event.js";
export type { FeedbackPolicyInput } from "./feedback/feedback-policy.js";
export {
  type LearningInput,
  type LearningJson,
  learningFromJson,
  learningJson,
} from "./feedback/learning-event.js";
export * from "./limits.js";
export type { AtomicEvent } from "./publishing/atomic-batches.js";
export { BYTES_TYPE, type EventInput, type Publishable } from "./publishing/outgoing.js";
export type { PublishOptions } from "./publishing/publish-options.js";
export type { BatchReceipt, DurabilityName, PublishReceipt } from "./publishing/receipt.js";
export { type EventHandler, PubSubClient } from "./pubsub-client.js";
export { AnsweredEvent } from "./reading/answered-event.js";
export type { ReadOptions } from "./reading/read-events.js";
export { StoredEvent } from "./reading/stored-event.js";
export type { AckAndPublishOutcome } from "./subscribing/ack-and-publish.js";
export { ReceivedEvent } from "./subscribing/received-event.js";
export type { NackOptions, SettledPosition, SettlementOutcome } from "./subscribing/settlements.js";
export type {
  RetryBackoff,
  StartTime,
  SubscribeOptions,
  SubscriptionOptions,
  SubscriptionStart,
} from "./subscribing/subscribe-options.js";
export { Subscription } from "./subscribing/subscription.js";
export {
  type ConsumeOptions,
  type SkippedEvents,
  SubscriptionAdmin,
} from "./subscribing/subscription-admin.js";
export type { SubscriptionNotice } from "./subscribing/subscription-notice.js";
export type {
  ChangeableSubscriptionSettings,
  SeekTarget,
} from "./subscribing/subscription-requests.js";
