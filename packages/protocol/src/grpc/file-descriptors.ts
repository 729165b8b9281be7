import { fileDescriptors } from "../gen/file-descriptors.js";

/**
 * The contract's files as the compiler describes them, one serialized FileDescriptorProto each, with
 * what they import, and gRPC's health: what reflection answers. (Those that @grpc/proto-loader 0.8 derives name the
 * entries of maps in a way that strict readers, such as grpcurl, refuse.)
 */
export function contractFileDescriptors(): Buffer[] {
  return fileDescriptors.map((file) => Buffer.from(file, "base64"));
}
