import {
  type ChannelCredentials,
  type ClientOptions,
  makeClientConstructor,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import { serviceDefinition } from "./service-definition.js";
import type { ServiceClient, ServiceShape } from "./service-types.js";

/** Where and how a client connects. */
export interface MakeClientOptions {
  /** Address, such as `127.0.0.1:50051`. */
  readonly address: string;
  /** Credentials of the channel. */
  readonly credentials: ChannelCredentials;
  /** Options of grpc-js; give several clients one `channelOverride` to share a connection. */
  readonly channel?: ClientOptions;
}

/**
 * Makes a typed client of one service on grpc-js.
 *
 * @example
 * ```ts
 * const publisher = makeClient(services.publisher, {
 *   address: "127.0.0.1:50051",
 *   credentials: credentials.createInsecure(),
 * });
 * ```
 */
export function makeClient<S extends ServiceShape>(
  service: S,
  { address, credentials, channel }: MakeClientOptions,
): ServiceClient<S> {
  const definition = serviceDefinition(service) as unknown as ServiceDefinition;
  const Constructor = makeClientConstructor(definition, service.fullName);
  return new Constructor(address, credentials, channel) as unknown as ServiceClient<S>;
}
