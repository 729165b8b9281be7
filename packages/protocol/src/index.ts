/**
 * The contract without gRPC: messages, batch codec, names, errors, limits.
 *
 * @packageDocumentation
 */
export { BinaryWriter as MessageWriter } from "@bufbuild/protobuf/wire";
export { badRequest } from "./bad-request.js";
export { batchBytes } from "./batch/batch-bytes.js";
export {
  BatchEvent,
  type BatchEventOrigin,
  DATA_CONTENT_TYPE_DEFAULT,
} from "./batch/batch-event.js";
export {
  type BatchLimits,
  type CheckedBatch,
  checkBatch,
  readBatch,
} from "./batch/check-batch.js";
export {
  compressBodies,
  decompressBodies,
  isSupportedCodec,
  supportedCodecs,
} from "./batch/compression.js";
export { type DecodeBatchOptions, decodeBatch, decodeStoredEvent } from "./batch/decode-batch.js";
export { decodedEventParts } from "./batch/decode-counter.js";
export {
  type BatchProducer,
  type EncodeBatchOptions,
  encodeBatch,
  estimateEventBytes,
} from "./batch/encode-batch.js";
export { type GatheredBatch, gatherBatch } from "./batch/gather-batch.js";
export { HEAD_FIELD, type HeadTextField } from "./batch/head-fields.js";
export { type OutgoingEvent, validateOutgoingEvent } from "./batch/outgoing-event.js";
export { type ByteRange, type HeadIndex, ScannedHeads } from "./batch/scanned-heads.js";
export {
  bitmapBytes,
  bitmapOf,
  countBits,
  createBitmap,
  hasBit,
  isSelected,
  selectionOf,
  setBit,
  setBits,
} from "./bitmap.js";
export { crc32c, crc32cPortable } from "./checksum.js";
export {
  type CloudEvent,
  formatTime,
  fromCloudEvent,
  parseTime,
  toCloudEvent,
} from "./cloud-events.js";
export {
  type CorrelationKey,
  correlationIdKey,
  correlationIdOf,
  executionKey,
  formatCorrelationKey,
  parseCorrelationKey,
} from "./correlation-key.js";
export { errorReasons } from "./gen/error-reasons.js";
export { requiredPermissions } from "./gen/permissions.js";
export { type PoetEvents, poetEventMessages } from "./gen/poet-events.js";
export { isInt64 } from "./int64.js";
export * from "./limits.js";
export * from "./messages.js";
export { partitionForKey } from "./partition.js";
export {
  decodePoetEvent,
  encodePoetEvent,
  isPoetEventType,
  type JsonObject,
  type JsonValue,
  type PoetEventType,
  poetEventFromJson,
  poetEventToJson,
} from "./poet-event-json.js";
export {
  type ErrorReasonName,
  type FieldViolation,
  isCancellation,
  PubSubError,
  type PubSubErrorOptions,
} from "./pubsub-error.js";
export {
  decodeStatusDetails,
  ERROR_DOMAIN,
  encodeStatusDetails,
  type StatusDetails,
} from "./status-details.js";
export { decodeEntry, encodeEntryParts } from "./storage/entry-codec.js";
export {
  deliveredBatchBytes,
  encodeReadEventsResponse,
  encodeSubscribeDelivery,
} from "./storage/response-codec.js";
export { deadLetterTopicOf, validateSubscriptionName } from "./subscription-name.js";
export { brokenTextRule, type TextBounds } from "./text-rules.js";
export {
  brokenPathRule,
  isReservedSegment,
  isReservedTopic,
  SEGMENT_SEPARATOR,
  validateClientTopicName,
  validateTopicName,
} from "./topic-name.js";
export { TopicPattern } from "./topic-pattern.js";
export { type TopicContext, topicForType, topicsOf, validateFunctionName } from "./topics.js";
