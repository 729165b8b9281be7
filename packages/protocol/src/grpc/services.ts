import { BrokerServiceDefinition } from "../gen/opendxa/pubsub/v1/broker_service.js";
import { FeedbackServiceDefinition } from "../gen/opendxa/pubsub/v1/feedback_service.js";
import { PublisherServiceDefinition } from "../gen/opendxa/pubsub/v1/publisher_service.js";
import { QueryServiceDefinition } from "../gen/opendxa/pubsub/v1/query_service.js";
import { SchemaServiceDefinition } from "../gen/opendxa/pubsub/v1/schema_service.js";
import { SubscriberServiceDefinition } from "../gen/opendxa/pubsub/v1/subscriber_service.js";
import { SubscriptionServiceDefinition } from "../gen/opendxa/pubsub/v1/subscription_service.js";
import { TopicServiceDefinition } from "../gen/opendxa/pubsub/v1/topic_service.js";

/** Every service of the contract, as generated, by the name that `serviceDefinition` and clients take. */
export const services = {
  /** What a broker is and can do. */
  broker: BrokerServiceDefinition,
  /** Executions, feedback and waits. */
  feedback: FeedbackServiceDefinition,
  /** Takes events in. */
  publisher: PublisherServiceDefinition,
  /** Reads what is stored. */
  query: QueryServiceDefinition,
  /** Schemas of event data. */
  schema: SchemaServiceDefinition,
  /** Hands events out. */
  subscriber: SubscriberServiceDefinition,
  /** Named, durable positions. */
  subscription: SubscriptionServiceDefinition,
  /** Topics. */
  topic: TopicServiceDefinition,
} as const;
