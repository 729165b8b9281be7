import { join } from "node:path";
import { ROOT } from "../task/paths.mjs";
import { synchronize } from "./files.mjs";
import { poetMessagesOf } from "./poet-events.mjs";

const FOLDER = "packages/protocol/schemas";
const DIALECT = "https://json-schema.org/draft/2020-12/schema";

const LINE_CHARS_MAX = 100;

const KINDS = {
  string: { type: "string" },
  number: { type: "number" },
  boolean: { type: "boolean" },
  uint64: { type: "string", pattern: "^[0-9]{1,20}$" },
  any: {},
};

function valueSchema({ kind, message }) {
  return kind === "message" ? { $ref: `#/$defs/${message}` } : KINDS[kind];
}

function fieldSchema(field) {
  const { cardinality, comment: description } = field;
  const value = valueSchema(field);
  if (cardinality === "list") return { description, type: "array", items: value };
  if (cardinality === "map") return { description, type: "object", additionalProperties: value };
  return { description, ...value };
}

function objectSchema({ comment, fields }) {
  const required = fields.filter(({ cardinality }) => cardinality === "required");
  return {
    description: comment,
    type: "object",
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
    required: required.map(({ name }) => name),
  };
}

/** Messages that a message holds, directly or deeper. */
function heldBy(message, byName, found = new Map()) {
  for (const { message: name } of message.fields) {
    if (name === undefined || found.has(name)) continue;
    found.set(name, byName.get(name));
    heldBy(byName.get(name), byName, found);
  }
  return found;
}

/** JSON Schema (2020-12) of each typed event's `data`, by its envelope type. */
export function schemasOf(image) {
  const messages = poetMessagesOf(image);
  const byName = new Map(messages.map((message) => [message.name, message]));
  return new Map(
    messages
      .filter(({ eventType }) => eventType !== undefined)
      .map((message) => {
        const defs = [...heldBy(message, byName)].map(([name, held]) => [name, objectSchema(held)]);
        return [
          message.eventType,
          {
            $schema: DIALECT,
            $id: `urn:opendxa:pubsub:v1:${message.eventType}`,
            title: message.name,
            ...objectSchema(message),
            ...(defs.length === 0 ? {} : { $defs: Object.fromEntries(defs) }),
          },
        ];
      }),
  );
}

/** JSON as the repository's formatter writes it: a list of texts stands on one line where it fits. */
function formatted(schema) {
  const text = JSON.stringify(schema, undefined, 2).replace(
    /^( *"required": )\[([^\]]*)\](,?)$/gm,
    (lines, start, items, comma) => {
      const line = `${start}[${items.trim().replace(/\s*\n\s*/g, " ")}]${comma}`;
      return line.length <= LINE_CHARS_MAX ? line : lines;
    },
  );
  return `${text}\n`;
}

/** Writes the schemas, one file an event type. Unknown fields stay legal. */
export function generateSchemas(image) {
  const contents = [...schemasOf(image)].map(([type, schema]) => [
    `${type}.json`,
    formatted(schema),
  ]);
  synchronize(join(ROOT, FOLDER), new Map(contents));
}
