import {
  BatchEvent,
  type BatchEventOrigin,
  decompressBodies,
  type FeedbackEvent,
  isSelected,
  type LearningEvent,
  type RecordBatch,
  readBatch,
} from "@opendxa/pubsub-protocol";
import { feedbackFromJson } from "../feedback/feedback-event.js";
import { learningFromJson } from "../feedback/learning-event.js";
import { parseJson } from "./event-json.js";

/** A stored event, decoded when first asked for one of its fields. */
export class StoredEvent extends BatchEvent {
  /**
   * The payload as JSON.
   *
   * @throws {@link PubSubError} EVENT_INVALID when it is not JSON
   */
  json<T = unknown>(): T {
    return parseJson(this.data) as T;
  }

  /** The payload as UTF-8 text. */
  text(): string {
    return new TextDecoder().decode(this.data);
  }

  /** The payload as feedback. @throws {@link PubSubError} EVENT_INVALID when it is not JSON */
  feedback(): FeedbackEvent {
    return feedbackFromJson(this.json());
  }

  /** The payload as what was learned. @throws {@link PubSubError} EVENT_INVALID when it is not JSON */
  learning(): LearningEvent {
    return learningFromJson(this.json());
  }
}

/**
 * Where the selected events of a batch lie, checked by both checksums.
 *
 * @throws {@link PubSubError} BATCH_CHECKSUM_MISMATCH, BATCH_MALFORMED, CODEC_NOT_SUPPORTED
 */
export function* originsOf(batch: RecordBatch, selected: Uint8Array): Generator<BatchEventOrigin> {
  const heads = readBatch(batch);
  const bodies = decompressBodies(batch.bodies, batch.codec, batch.bodiesRawBytes);
  for (let index = 0; index < batch.count; index += 1) {
    if (isSelected(selected, index)) yield { batch, heads, bodies, index };
  }
}
