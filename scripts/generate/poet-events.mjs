import { commentsByPath } from "./image.mjs";

/** The file of the contract whose messages are the typed events. */
const FILE = "opendxa/pubsub/v1/poet_events.proto";
const MESSAGES_PATH = 4;
const FIELDS_PATH = 2;

const KINDS = {
  TYPE_STRING: "string",
  TYPE_DOUBLE: "number",
  TYPE_BOOL: "boolean",
  TYPE_UINT64: "uint64",
};

function shortName(typeName) {
  return typeName.slice(typeName.lastIndexOf(".") + 1);
}

/** What one value of a field is: a kind, or the name of a message. */
function valueType(field) {
  if (field.typeName === ".google.protobuf.Value") return { kind: "any" };
  if (field.type === "TYPE_MESSAGE") return { kind: "message", message: shortName(field.typeName) };
  const kind = KINDS[field.type];
  if (kind === undefined) throw new Error(`${field.name}: no JSON form is known for ${field.type}`);
  return { kind };
}

function describeField(message, field, comment) {
  const named = { name: field.name, property: field.jsonName, comment };
  const entry = message.nestedType?.find(
    ({ name, options }) => options?.mapEntry && field.typeName?.endsWith(`.${name}`),
  );
  if (entry !== undefined) {
    return {
      ...named,
      cardinality: "map",
      ...valueType(entry.field.find(({ name }) => name === "value")),
    };
  }
  if (field.label === "LABEL_REPEATED")
    return { ...named, cardinality: "list", ...valueType(field) };
  const isOptional = field.proto3Optional === true || field.type === "TYPE_MESSAGE";
  return { ...named, cardinality: isOptional ? "optional" : "required", ...valueType(field) };
}

/**
 * The messages of the typed events: comment, envelope type where they are events, and fields.
 *
 * @throws {Error} naming a message or field without a comment
 */
export function poetMessagesOf(image) {
  const file = image.file.find(({ name }) => name === FILE);
  const texts = commentsByPath(file);
  const commentAt = (what, ...path) => {
    const text = texts.get(path.join("."));
    if (text === undefined) throw new Error(`${what} has no comment`);
    return text;
  };
  return file.messageType.map((message, index) => {
    const comment = commentAt(message.name, MESSAGES_PATH, index);
    return {
      name: message.name,
      comment,
      eventType: /(?:^Type|envelope type) `([a-z_.]+)`/.exec(comment)?.[1],
      fields: message.field.map((field, at) =>
        describeField(
          message,
          field,
          commentAt(`${message.name}.${field.name}`, MESSAGES_PATH, index, FIELDS_PATH, at),
        ),
      ),
    };
  });
}

/** The table by which TypeScript converts typed events to and from JSON. */
export function poetEventsTypeScript(image) {
  const messages = poetMessagesOf(image);
  const events = messages.filter(({ eventType }) => eventType !== undefined);
  const row = ({ name, property, cardinality, kind, message }) =>
    `    ${JSON.stringify(message === undefined ? { name, property, cardinality, kind } : { name, property, cardinality, kind, message })},`;
  return [
    "// Generated from proto/ by scripts/generate.mjs. DO NOT EDIT.",
    "",
    `import type { ${events.map(({ name }) => name).join(", ")} } from "./opendxa/pubsub/v1/poet_events.js";`,
    "",
    "/** The message of each typed event, by the type of its envelope. */",
    "export interface PoetEvents {",
    ...events.flatMap(({ name, eventType, comment }) => [
      `  /** ${comment} */`,
      `  ${JSON.stringify(eventType)}: ${name};`,
    ]),
    "}",
    "",
    "/** The name of each typed event's message, by the type of its envelope. */",
    "export const poetEventMessages = {",
    ...events.map(
      ({ name, eventType }) => `  ${JSON.stringify(eventType)}: ${JSON.stringify(name)},`,
    ),
    "} as const;",
    "",
    "/** Fields of the messages of typed events, by message. */",
    "export const poetFields = {",
    ...messages.flatMap(({ name, fields }) => [`  ${name}: [`, ...fields.map(row), "  ],"]),
    "} as const;",
    "",
  ].join("\n");
}
