import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { connect as connectSocket, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { BROKER_LIMITS } from "../limits.js";
import type { GrpcServerBounds } from "./grpc-server.js";
import { startEmptyServer } from "./test-server.test-support.js";

const closers: (() => void)[] = [];
afterEach(async () => {
  // Node 20's client does not come back from a destroy in the turn in which one of its streams was reset.
  await new Promise(setImmediate);
  for (const close of closers.splice(0)) close();
});

async function start(bounds: Partial<GrpcServerBounds> = {}): Promise<string> {
  const { server, address } = await startEmptyServer(bounds);
  closers.push(() => server.forceShutdown());
  return address;
}

function openSession(address: string): ClientHttp2Session {
  const session = connect(`http://${address}`);
  closers.push(() => session.destroy());
  return session;
}

/** A stream that stays open: its first message never comes. */
function openStream(session: ClientHttp2Session, headers: Record<string, string> = {}) {
  const stream = session.request({
    ":method": "POST",
    ":path": "/opendxa.pubsub.v1.PublisherService/PublishStream",
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  stream.on("error", () => undefined);
  return stream;
}

function resetCodeOf(stream: ClientHttp2Stream): Promise<number | undefined> {
  return new Promise((resolve) => {
    stream.once("close", () => resolve(stream.rstCode));
  });
}

it("tells the peer its bounds, so that a client waits instead of crossing them", async () => {
  const address = await start({ streamsPerConnectionMax: 7 });
  const [settings] = (await once(openSession(address), "remoteSettings")) as [
    { maxConcurrentStreams: number; maxHeaderListSize: number },
  ];
  expect(settings).toMatchObject({
    maxConcurrentStreams: 7,
    maxHeaderListSize: BROKER_LIMITS.headerBytesMax,
  });
});

it("refuses streams of a connection above their bound, and keeps the others", async () => {
  const session = openSession(await start({ streamsPerConnectionMax: 2 }));
  // All three are sent before the peer's settings can have come.
  const [first, second, third] = [openStream(session), openStream(session), openStream(session)];
  expect(await resetCodeOf(third)).toBe(constants.NGHTTP2_REFUSED_STREAM);
  expect([first.closed, second.closed]).toEqual([false, false]);
});

it("resets a call whose headers are above their bound, and serves the next", async () => {
  const session = openSession(await start());
  await once(session, "remoteSettings");
  // A ping's answer comes behind the acknowledgement of the settings, from which they hold.
  await new Promise((resolve) => session.ping(resolve));
  const large = { "x-large": "x".repeat(BROKER_LIMITS.headerBytesMax) };
  expect(await resetCodeOf(openStream(session, large))).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  const next = openStream(session);
  next.end();
  const [headers] = (await once(next, "response")) as [Record<string, unknown>];
  expect(headers[":status"]).toBe(200);
});

/** Speaks just enough HTTP/2 to be connected, and then never answers a ping. */
async function openMuteSocket(address: string): Promise<Socket> {
  const [host = "", port] = address.split(":");
  const socket = connectSocket(Number(port), host);
  socket.on("error", () => undefined);
  closers.push(() => socket.destroy());
  await once(socket, "connect");
  const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), emptySettings]));
  return socket;
}

it("closes a connection whose peer does not answer its ping", async () => {
  const socket = await openMuteSocket(await start({ keepaliveMs: 20, keepaliveTimeoutMs: 20 }));
  socket.resume();
  await once(socket, "close");
  expect(socket.destroyed).toBe(true);
});

it("keeps a silent connection whose peer answers", async () => {
  const session = openSession(await start({ keepaliveMs: 20, keepaliveTimeoutMs: 10_000 }));
  for (let pings = 0; pings < 3; pings += 1) await once(session, "ping");
  expect(session.closed).toBe(false);
});
