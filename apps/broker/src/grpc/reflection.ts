import { join } from "node:path";
import type { Server } from "@grpc/grpc-js";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { contractFileDescriptors } from "@opendxa/pubsub-protocol/grpc";
import { protoPath as healthProto } from "grpc-health-check";
import { findProtoFolder } from "./proto-folder.js";

const FILES = [
  "broker_service",
  "errors",
  "feedback_service",
  "poet_events",
  "publisher_service",
  "query_service",
  "schema_service",
  "subscriber_service",
  "subscription_service",
  "topic_service",
];

/** Lets tools such as grpcurl list and call the services without the proto files. */
export function addReflection(server: Server): void {
  const folder = findProtoFolder();
  const files = FILES.map((name) => join("opendxa", "pubsub", "v1", `${name}.proto`));
  const options = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true };
  const contract = loadSync(files, { ...options, includeDirs: [folder] });
  const health = loadSync(healthProto, options);
  new ReflectionService({ ...described(contract), ...health }).addToServer(server);
}

/** The package with the compiler's own descriptors in place of those that the loader derives. */
function described(loaded: PackageDefinition): PackageDefinition {
  const fileDescriptorProtos = contractFileDescriptors();
  const entries = Object.entries(loaded).map(([name, definition]) => [
    name,
    "fileDescriptorProtos" in definition ? { ...definition, fileDescriptorProtos } : definition,
  ]);
  return Object.fromEntries(entries) as PackageDefinition;
}
