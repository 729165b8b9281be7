import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { webhookBodyBytesMax } from "@opendxa/pubsub-connectors";
import { pino } from "pino";
import { afterEach, expect, it } from "vitest";
import { Incidents } from "../incidents.js";
import { BROKER_LIMITS } from "../limits.js";
import { type HttpServerOptions, makeHttpServer } from "./http-server.js";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A real HTTP door on a free port. */
async function startDoor(bounds: Partial<HttpServerOptions> = {}) {
  const app = makeHttpServer({
    endpoints: [],
    incidents: new Incidents(pino({ level: "silent" })),
    isServing: () => true,
    isShuttingDown: () => false,
    nowMs: () => 0,
    connectionsMax: 10,
    // Longer than any test takes that is not about it.
    requestTimeoutMs: 600_000,
    inFlightMax: 1,
    ...bounds,
  });
  closers.push(() => app.close());
  await app.listen({ host: "127.0.0.1", port: 0 });
  return { server: app.server, port: (app.server.address() as AddressInfo).port };
}

async function start(bounds: Partial<HttpServerOptions> = {}): Promise<number> {
  return (await startDoor(bounds)).port;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  closers.push(() => socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** Everything that the door sends until it closes the connection. */
async function answerOf(socket: Socket): Promise<{ status: number; json: unknown }> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(socket, "close");
  const [head = "", body = ""] = Buffer.concat(chunks).toString().split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), json: JSON.parse(body) };
}

async function isServed(socket: Socket): Promise<boolean> {
  socket.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
  const [data] = (await once(socket, "data")) as [Buffer];
  return data.toString().startsWith("HTTP/1.1 200");
}

it("closes connections above their bound at once, and keeps the others", async () => {
  const port = await start({ connectionsMax: 2 });
  const kept = [await open(port), await open(port)];
  for (const socket of kept) expect(await isServed(socket)).toBe(true);
  const third = await open(port);
  third.resume();
  await once(third, "close");
  for (const socket of kept) expect(await isServed(socket)).toBe(true);
});

it("answers 431 to headers above their bound", async () => {
  const socket = await open(await start());
  const large = "x".repeat(BROKER_LIMITS.headerBytesMax);
  socket.write(`POST /ingress/mlflow HTTP/1.1\r\nhost: x\r\nx-large: ${large}\r\n\r\n`);
  expect(await answerOf(socket)).toMatchObject({
    status: 431,
    json: {
      error: {
        reason: "LIMIT_EXCEEDED",
        metadata: { field: "headers", limit: String(BROKER_LIMITS.headerBytesMax) },
      },
    },
  });
});

it.each([
  ["nothing", ""],
  ["half its headers", "POST /ingress/mlflow HTTP/1.1\r\nhost: x\r\nx-m"],
  ["half its body", "POST /ingress/mlflow HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{"],
])("answers 408 to a request of which %s came in time", async (_what, text) => {
  const socket = await open(await start({ requestTimeoutMs: 100 }));
  socket.write(text);
  expect(await answerOf(socket)).toMatchObject({
    status: 408,
    json: { error: { reason: "TIMED_OUT", message: expect.stringContaining("100 ms") } },
  });
});

it("does not wait longer for a sender that sends a little again and again", async () => {
  const socket = await open(await start({ requestTimeoutMs: 100 }));
  socket.write("POST /ingress/mlflow HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n");
  const drip = setInterval(() => socket.write("x"), 10);
  closers.push(() => clearInterval(drip));
  expect(await answerOf(socket)).toMatchObject({ status: 408 });
});

it("closes a connection whose peer takes no answer", async () => {
  const { server, port } = await startDoor({ requestTimeoutMs: 100 });
  const closed = new Promise<void>((resolve) => {
    server.on("connection", (accepted: Socket) => accepted.once("close", resolve));
  });
  const deaf = await open(port);
  deaf.pause();
  // More answers than the buffers of both sides hold.
  deaf.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100_000));
  await closed;
  expect(await isServed(await open(port))).toBe(true);
});

it("answers 400 to what is no HTTP", async () => {
  const socket = await open(await start());
  socket.write("hello?\r\n\r\n");
  expect(await answerOf(socket)).toMatchObject({
    status: 400,
    json: { error: { reason: "BAD_REQUEST", metadata: { field: "request" } } },
  });
});

it("answers 413 to a body above its bound whose length nobody said", async () => {
  const socket = await open(await start());
  const response = answerOf(socket);
  socket.write(
    "POST /ingress/mlflow HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n",
  );
  const body = "x".repeat(webhookBodyBytesMax + 1);
  socket.write(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
  expect(await response).toMatchObject({
    status: 413,
    json: { error: { reason: "LIMIT_EXCEEDED", metadata: { field: "body" } } },
  });
});
