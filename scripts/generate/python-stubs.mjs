/** Where a message of ours lives after generation. */
function moduleOf(file) {
  return file.name.replace(/\.proto$/, "_pb2");
}

function multiCallable({ clientStreaming, serverStreaming }) {
  const side = (streams) => (streams ? "Stream" : "Unary");
  return `${side(clientStreaming)}${side(serverStreaming)}MultiCallable`;
}

/** Reference to a message, with the import that it needs. */
function reference(typeName, files) {
  const file = files.find(({ package: name }) => {
    const rest = typeName.slice(name.length + 2);
    return typeName.startsWith(`.${name}.`) && /^[A-Za-z]+$/.test(rest);
  });
  const candidates = files.filter(({ package: name }) => name === file?.package);
  const short = typeName.slice(typeName.lastIndexOf(".") + 1);
  const home = candidates.find(({ messageType }) =>
    messageType?.some(({ name }) => name === short),
  );
  if (home === undefined) throw new Error(`no file holds ${typeName}`);
  const parts = moduleOf(home).split("/");
  const name = parts.pop();
  return {
    text: `${name}.${short}`,
    line: `from opendxa_pubsub._gen.${parts.join(".")} import ${name}`,
  };
}

function serviceTypes(service, refer) {
  const methods = service.method.map((method) => ({
    name: method.name,
    callable: multiCallable(method),
    messages: `${refer(method.inputType)}, ${refer(method.outputType)}`,
  }));
  const stub = (suffix, channel, module) => [
    `class ${service.name}${suffix}:`,
    `    def __init__(self, channel: ${channel}) -> None: ...`,
    ...methods.map(
      ({ name, callable, messages }) => `    ${name}: ${module}.${callable}[${messages}]`,
    ),
    "",
  ];
  return [
    ...stub("Stub", "grpc.Channel | grpc.aio.Channel", "grpc"),
    "# Not a class at run time: what Stub is over an asyncio channel.",
    ...stub("AsyncStub", "grpc.aio.Channel", "grpc.aio"),
    `class ${service.name}Servicer:`,
    ...methods.map(({ name }) => `    def ${name}(self, request: Any, context: Any) -> Any: ...`),
    "",
    `def add_${service.name}Servicer_to_server(`,
    `    servicer: ${service.name}Servicer, server: grpc.Server | grpc.aio.Server`,
    ") -> None: ...",
    "",
  ];
}

/**
 * Types of the gRPC stubs, which grpcio-tools does not write.
 *
 * @returns {[string, string][]} path of each `_pb2_grpc.pyi` with its text
 */
export function grpcStubTypes(image) {
  const files = image.file.filter(({ package: name }) => name.startsWith("opendxa."));
  return files
    .filter(({ service }) => service?.length > 0)
    .map((file) => {
      const imports = new Set();
      const refer = (typeName) => {
        const { text, line } = reference(typeName, files);
        imports.add(line);
        return text;
      };
      const body = file.service.flatMap((service) => serviceTypes(service, refer));
      const lines = [
        "# Generated from proto/ by scripts/generate.mjs. DO NOT EDIT.",
        "from typing import Any",
        "",
        "import grpc",
        "import grpc.aio",
        "",
        ...[...imports].sort(),
        "",
        ...body,
      ];
      return [`${moduleOf(file)}_grpc.pyi`, lines.join("\n")];
    });
}
