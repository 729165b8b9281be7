import { createInterface } from "node:readline";
import { PubSubClient, PubSubError } from "@opendxa/pubsub-client";
import { type Fields, number, text } from "./event-json.js";
import { operations, Session } from "./operations.js";

const sessions = new Map<string, Session>();

interface Request {
  readonly op: string;
  readonly client?: string;
  readonly args?: Fields;
}

async function sessionOf(name: string, args: Fields = {}): Promise<Session> {
  const known = sessions.get(name);
  if (known !== undefined) return known;
  const session = new Session(
    await PubSubClient.connect({
      name,
      namespace: text(args, "namespace"),
      address: text(args, "address"),
      publishTimeoutMs: number(args, "timeout_ms"),
    }),
  );
  sessions.set(name, session);
  return session;
}

async function carryOut({ op, client = "main", args = {} }: Request): Promise<Fields> {
  if (op === "ready") return {};
  if (op === "connect") {
    await sessionOf(client, args);
    return {};
  }
  if (op === "close") {
    await sessions.get(client)?.client.close();
    sessions.delete(client);
    return {};
  }
  const operation = operations[op];
  if (operation === undefined) throw new Error(`no operation ${op}`);
  return await operation(await sessionOf(client), args);
}

async function answerTo(line: string): Promise<unknown> {
  try {
    return { ok: await carryOut(JSON.parse(line) as Request) };
  } catch (error) {
    if (!(error instanceof PubSubError))
      return { error: { reason: "DRIVER", text: String(error) } };
    const { reason, code, retryable, metadata } = error;
    return { error: { reason, code, retryable, metadata } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answerTo(line))}\n`);
}
await Promise.all([...sessions.values()].map(({ client }) => client.close()));
