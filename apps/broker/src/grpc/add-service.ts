import type { Server, ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import {
  type MethodShape,
  type ServiceShape,
  serviceDefinition,
} from "@opendxa/pubsub-protocol/grpc";
import { notServedYet } from "../errors.js";
import { notServed } from "../not-served.js";
import {
  type CallContext,
  duplexHandler,
  streamingHandler,
  unaryHandler,
} from "./call-handlers.js";
import type { ServedMethods } from "./served-methods.js";

/** `Service/Method` of an RPC. */
export function rpcName(service: ServiceShape, method: MethodShape): string {
  return `${service.fullName.slice(service.fullName.lastIndexOf(".") + 1)}/${method.name}`;
}

/**
 * Adds a service to a server: what is served through its handlers, everything else of the contract
 * as UNIMPLEMENTED with NOT_SERVED_YET. An RPC that is neither or both is a fault of this program.
 */
export function addService<S extends ServiceShape>(
  server: Server,
  service: S,
  served: ServedMethods<S>,
  context: CallContext,
): void {
  const definition = serviceDefinition(service) as unknown as ServiceDefinition;
  const handlers: UntypedServiceImplementation = {};
  const asBytes: Record<string, ServiceDefinition[string]> = {};
  for (const [key, method] of Object.entries(service.methods)) {
    const stated = definition[key];
    if (stated === undefined) throw new Error(`${rpcName(service, method)} has no definition`);
    asBytes[key] = { ...stated, requestDeserialize: (bytes: Buffer) => bytes };
    handlers[key] = handlerOf(service, method, served[key], context);
  }
  server.addService(asBytes, handlers);
}

function handlerOf(
  service: ServiceShape,
  method: MethodShape,
  served: unknown,
  context: CallContext,
): UntypedServiceImplementation[string] {
  const name = rpcName(service, method);
  const part = notServed[name];
  if ((served === undefined) === (part === undefined)) {
    throw new Error(`${name} must be served or stand in the list of what is not, never both`);
  }
  const rpc = { name, requestType: method.requestType };
  const call = (part === undefined ? served : () => refuse(name, part)) as never;
  if (method.requestStream) return duplexHandler(rpc, call, context);
  if (method.responseStream) return streamingHandler(rpc, call, context);
  return unaryHandler(rpc, call, context);
}

function refuse(name: string, part: number | "R2"): never {
  throw notServedYet(name, part);
}
