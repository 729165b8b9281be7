import type {
  MethodDefinition,
  Server,
  ServiceDefinition,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { MessageType, MethodShape, ServiceHandlers, ServiceShape } from "./service-types.js";

/** Wraps bytes without copying them. */
function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** Serializes a message; a Buffer is one already and passes as it is. */
function serializer(type: MessageType): (message: unknown) => Buffer {
  return (message) =>
    Buffer.isBuffer(message) ? message : asBuffer(type.encode(message as never).finish());
}

function methodDefinition(
  service: string,
  method: MethodShape,
): MethodDefinition<unknown, unknown> {
  return {
    path: `/${service}/${method.name}`,
    originalName: method.name.charAt(0).toLowerCase() + method.name.slice(1),
    requestStream: method.requestStream,
    responseStream: method.responseStream,
    requestSerialize: serializer(method.requestType),
    requestDeserialize: (bytes: Buffer) => method.requestType.decode(bytes),
    responseSerialize: serializer(method.responseType),
    responseDeserialize: (bytes: Buffer) => method.responseType.decode(bytes),
  };
}

/**
 * Makes grpc-js's definition from the generated one. Whoever sends a message may give a Buffer that
 * holds it serialized, on every RPC: so a hot path writes its frames once and nobody copies them.
 * Decoded `bytes` fields are views on the received buffer.
 */
export function serviceDefinition<S extends ServiceShape>(
  service: S,
): ServiceDefinition<ServiceHandlers<S>> {
  const methods = Object.entries(service.methods).map(([name, method]) => [
    name,
    methodDefinition(service.fullName, method),
  ]);
  return Object.fromEntries(methods) as ServiceDefinition<ServiceHandlers<S>>;
}

/** Adds a service to a grpc-js server, with handlers of the contract's types. */
export function addService<S extends ServiceShape>(
  server: Server,
  service: S,
  handlers: ServiceHandlers<S>,
): void {
  server.addService(
    serviceDefinition(service) as unknown as ServiceDefinition,
    handlers as unknown as UntypedServiceImplementation,
  );
}
