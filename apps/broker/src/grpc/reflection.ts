import type { handleBidiStreamingCall, MethodDefinition, Server } from "@grpc/grpc-js";
import type { LoadedReflection } from "./loaded-reflection.js";

/** Versions of the protocol that tools ask for. */
const SERVICES = [
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
] as const;
const METHOD = "ServerReflectionInfo";

/**
 * Lets tools such as grpcurl list and call the services without the proto files. What answers is
 * loaded with the first question: hardly anybody asks, and a start would wait for it.
 */
export function addReflection(server: Server): void {
  for (const name of SERVICES) addService(server, name);
}

function addService(server: Server, name: string): void {
  let loaded: LoadedReflection | undefined;
  const known = () => {
    if (loaded === undefined) throw new Error("a question was read before reflection was loaded");
    return loaded;
  };
  const method: MethodDefinition<unknown, unknown> = {
    path: `/${name}/${METHOD}`,
    requestStream: true,
    responseStream: true,
    requestSerialize: (value) => known().definition.requestSerialize(value),
    requestDeserialize: (bytes) => known().definition.requestDeserialize(bytes),
    responseSerialize: (value) => known().definition.responseSerialize(value),
    responseDeserialize: (bytes) => known().definition.responseDeserialize(bytes),
  };
  // Nothing is read from a call, and so decoded, before somebody listens to it.
  const handler: handleBidiStreamingCall<unknown, unknown> = (call) => {
    const answer = async () => {
      const { loadReflection } = await import("./loaded-reflection.js");
      loaded ??= loadReflection(name);
      loaded.handle(call);
    };
    answer().catch((error: unknown) => call.emit("error", error));
  };
  server.addService({ [METHOD]: method }, { [METHOD]: handler });
}
