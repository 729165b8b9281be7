import { describe, expect, it } from "vitest";
import { FileDescriptorProto } from "../gen/google/protobuf/descriptor.js";
import { contractFileDescriptors } from "./file-descriptors.js";

describe("file descriptors", () => {
  const files = contractFileDescriptors().map((bytes) => FileDescriptorProto.decode(bytes));

  it("hold every file of the contract with all that it imports, and nothing of storage", () => {
    const names = new Set(files.map(({ name }) => name));
    expect(names).toContain("opendxa/pubsub/v1/publisher_service.proto");
    expect(files.flatMap(({ dependency }) => dependency).filter((d) => !names.has(d))).toEqual([]);
    expect([...names].filter((name) => name?.includes("storage"))).toEqual([]);
  });

  it("name map entries as the compiler does", () => {
    const poet = files.find(({ name }) => name === "opendxa/pubsub/v1/poet_events.proto");
    const feedback = poet?.messageType.find(({ name }) => name === "FeedbackEvent");
    expect(feedback?.nestedType.map(({ name }) => name)).toEqual(["MetricsEntry", "ContextEntry"]);
  });
});
