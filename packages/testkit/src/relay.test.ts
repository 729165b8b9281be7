import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Relay } from "./relay.js";

let echo: Server;
let relay: Relay;
const sockets: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => socket.on("error", () => undefined).pipe(socket));
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  relay = await Relay.open(`127.0.0.1:${(echo.address() as AddressInfo).port}`);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await relay.close();
  echo.close();
});

function open(): Socket {
  const [host, port] = relay.address.split(":");
  const socket = connect(Number(port), host);
  sockets.push(socket);
  return socket;
}

async function echoed(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [data] = await once(socket, "data");
  return String(data);
}

test("what is stalled stays open and says nothing, and a new connection works", async () => {
  const stalled = open();
  expect(await echoed(stalled, "before")).toBe("before");
  relay.stall();
  const heard: string[] = [];
  stalled.on("data", (data) => heard.push(String(data)));
  stalled.on("close", () => heard.push("closed"));
  stalled.write("lost");
  expect(await echoed(open(), "after")).toBe("after");
  expect(heard).toEqual([]);
});

test("an answer is lost while what is sent arrives, until the connection is cut", async () => {
  const arrived: string[] = [];
  echo.on("connection", (socket) => socket.on("data", (data) => arrived.push(String(data))));
  const lossy = open();
  expect(await echoed(lossy, "before")).toBe("before");
  relay.loseAnswers();
  const heard: string[] = [];
  lossy.on("data", (data) => heard.push(String(data)));
  lossy.write("sent");
  await expect.poll(() => arrived.at(-1)).toBe("sent");
  expect(await echoed(open(), "after")).toBe("after");
  expect(heard).toEqual([]);
  const closed = once(lossy, "close");
  relay.cut();
  await closed;
});

test("a connection ends with either side", async () => {
  const socket = open();
  expect(await echoed(socket, "before")).toBe("before");
  socket.end();
  await once(socket, "close");
});
