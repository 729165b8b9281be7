import type { handleBidiStreamingCall, MethodDefinition, Server } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { contractFileDescriptors } from "@opendxa/pubsub-protocol/grpc";

/** What reflection reads of the package definitions that a proto loader makes. */
type Described = ConstructorParameters<typeof ReflectionService>[0];

/** One version of reflection, ready to answer. */
export interface LoadedReflection {
  /** How its messages are encoded. */
  readonly definition: MethodDefinition<unknown, unknown>;
  /** Answers a call. */
  readonly handle: handleBidiStreamingCall<unknown, unknown>;
}

/**
 * Loads what answers a version of reflection. The contract is told in the compiler's own
 * descriptors: grpcurl refuses those that the loader derives.
 *
 * @param name the service's full name
 */
export function loadReflection(name: string): LoadedReflection {
  // The library decodes the list of every definition in the package: one, so that it does it once.
  const described = { files: { fileDescriptorProtos: contractFileDescriptors() } };
  const found: LoadedReflection[] = [];
  const catcher: Pick<Server, "addService"> = {
    addService: (definition, implementation) => {
      for (const [key, method] of Object.entries(definition)) {
        if (!method.path.startsWith(`/${name}/`)) continue;
        found.push({
          definition: method,
          handle: implementation[key] as LoadedReflection["handle"],
        });
      }
    },
  };
  new ReflectionService(described as unknown as Described).addToServer(catcher as Server);
  const [loaded] = found;
  if (loaded === undefined) throw new Error(`reflection does not know ${name}`);
  return loaded;
}
