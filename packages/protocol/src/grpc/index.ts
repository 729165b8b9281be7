/**
 * The contract's services on grpc-js: definitions for servers, typed clients, errors on the wire.
 *
 * @packageDocumentation
 */
export { type MakeClientOptions, makeClient } from "./client.js";
export { contractFileDescriptors } from "./file-descriptors.js";
export { HealthStatus, healthService } from "./health-service.js";
export { addService, serviceDefinition } from "./service-definition.js";
export {
  fromServiceError,
  STATUS_DETAILS_KEY,
  type StatusError,
  toServiceError,
} from "./service-error.js";
export type {
  DuplexCall,
  MessageType,
  MethodShape,
  RequestOf,
  ResponseOf,
  ServiceClient,
  ServiceHandlers,
  ServiceShape,
  StreamingCall,
  UnaryCall,
} from "./service-types.js";
export { services } from "./services.js";
