/**
 * Webhook connectors: believe a request or not on its raw bytes, parse it under bounds, and map it
 * to the words of the contract: external event, correlation keys, feedback, memory. Pure: no
 * network, no clock, no broker.
 *
 * @packageDocumentation
 */
export type {
  Connector,
  ConnectorSystem,
  FeedbackType,
  KeyExplanation,
  MapOrigin,
  MappedFeedback,
  Mapping,
  MemoryWrite,
  ParsedWebhook,
  RefusalReason,
  Refused,
  TypedEventType,
  Verification,
  Verified,
  WebhookRequest,
} from "./connector.js";
export {
  ConnectorError,
  type ConnectorErrorDetails,
  type ConnectorErrorReason,
} from "./connector-error.js";
export type { JsonObject, JsonValue } from "./json.js";
export * from "./limits.js";
export type {
  ConnectorMemory,
  MlflowAliasMemory,
  MlflowVersionMemory,
  PagerDutyIncidentMemory,
} from "./memory.js";
export { mlflowConnector } from "./mlflow/mlflow-connector.js";
export { type MlflowSigning, signMlflow } from "./mlflow/verify.js";
export { pagerDutyConnector } from "./pagerduty/pager-duty-connector.js";
export { type PagerDutySigning, signPagerDuty } from "./pagerduty/verify.js";
export { connectorFor, connectors } from "./registry.js";
export { type ConnectorSettings, checkSettings, settingsOf } from "./settings.js";
