import type { handleBidiStreamingCall, MethodDefinition, Server } from "@grpc/grpc-js";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { contractFileDescriptors } from "@opendxa/pubsub-protocol/grpc";
import { protoPath as healthProto } from "grpc-health-check";

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
  const fileDescriptorProtos = [...contractFileDescriptors(), ...filesOf(loadSync(healthProto))];
  // The library decodes the list of every definition in the package: one, so that it does it once.
  const described = { files: { fileDescriptorProtos } } as unknown as PackageDefinition;
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
  new ReflectionService(described).addToServer(catcher as Server);
  const [loaded] = found;
  if (loaded === undefined) throw new Error(`reflection does not know ${name}`);
  return loaded;
}

function filesOf(loaded: PackageDefinition): readonly Buffer[] {
  for (const { fileDescriptorProtos } of Object.values(loaded)) {
    if (Array.isArray(fileDescriptorProtos)) return fileDescriptorProtos;
  }
  return [];
}
