import type { Server } from "@grpc/grpc-js";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { contractFileDescriptors } from "@opendxa/pubsub-protocol/grpc";
import { protoPath as healthProto } from "grpc-health-check";

/**
 * Lets tools such as grpcurl list and call the services without the proto files. The contract is
 * told in the compiler's own descriptors: grpcurl refuses those that the loader derives.
 */
export function addReflection(server: Server): void {
  const fileDescriptorProtos = [...contractFileDescriptors(), ...filesOf(loadSync(healthProto))];
  // The library decodes the list of every definition in the package: one, so that it does it once.
  const described = { files: { fileDescriptorProtos } } as unknown as PackageDefinition;
  new ReflectionService(described).addToServer(server);
}

function filesOf(loaded: PackageDefinition): readonly Buffer[] {
  for (const { fileDescriptorProtos } of Object.values(loaded)) {
    if (Array.isArray(fileDescriptorProtos)) return fileDescriptorProtos;
  }
  return [];
}
