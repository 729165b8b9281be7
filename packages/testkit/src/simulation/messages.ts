import type { Consumer } from "@opendxa/pubsub-engine";
import type {
  AckAndPublishRequest,
  AckAndPublishResponse,
  BatchResult,
  Delivery,
  Notice,
  PublishFrame,
  Settlement,
  SubscribeOpen,
  Verdicts,
} from "@opendxa/pubsub-protocol";

/** From a simulated publisher. */
export type PublisherSays =
  | { readonly is: "open"; readonly producerId: Uint8Array }
  | { readonly is: "frame"; readonly number: number; readonly frame: PublishFrame }
  | { readonly is: "heartbeat" };

/** To a simulated publisher. */
export type PublisherHears =
  | { readonly is: "opened"; readonly epoch: number }
  | { readonly is: "ack"; readonly number: number; readonly results: readonly BatchResult[] }
  | { readonly is: "heartbeat" };

/** From a simulated consumer. */
export type ConsumerSays =
  | { readonly is: "open"; readonly open: SubscribeOpen }
  | { readonly is: "settlement"; readonly settlement: Settlement }
  | { readonly is: "output"; readonly number: number; readonly request: AckAndPublishRequest }
  | { readonly is: "credit"; readonly bytes: bigint }
  | { readonly is: "heartbeat" };

/** To a simulated consumer. */
export type ConsumerHears =
  | { readonly is: "opened"; readonly subscription: Consumer["subscription"] }
  | { readonly is: "delivery"; readonly delivery: Delivery }
  | { readonly is: "verdicts"; readonly verdicts: Verdicts }
  | { readonly is: "output"; readonly number: number; readonly reply: AckAndPublishResponse }
  | { readonly is: "notice"; readonly notice: Notice }
  | { readonly is: "heartbeat" };
