import { connect } from "node:http2";
import type { Server } from "@grpc/grpc-js";
import { pino } from "pino";
import { expect, it } from "vitest";
import { Incidents } from "../incidents.js";
import { BROKER_LIMITS } from "../limits.js";
import { openHttp2Seam, windowBytesFor } from "./http2-seam.js";
import { startEmptyServer } from "./test-server.test-support.js";

it("gives one connection the whole window and many their share", () => {
  expect(windowBytesFor(1)).toBe(BROKER_LIMITS.windowBytesMax);
  expect(windowBytesFor(64)).toBe(BROKER_LIMITS.windowBytesMax);
  expect(windowBytesFor(128)).toBe(BROKER_LIMITS.windowBytesMax / 2);
  expect(windowBytesFor(1_000_000)).toBe(BROKER_LIMITS.windowBytesMin);
});

it("finds its seam in the installed grpc-js, and the peer sees the windows", async () => {
  const { server, hasSeam, address } = await startEmptyServer();
  expect(hasSeam).toBe(true);
  const session = connect(`http://${address}`);
  const settings = await new Promise<{ initialWindowSize?: number | undefined }>((resolve) =>
    session.once("remoteSettings", resolve),
  );
  expect(settings.initialWindowSize).toBe(BROKER_LIMITS.windowBytesMax);
  session.destroy();
  server.forceShutdown();
});

it("closes connections above their bound", async () => {
  const { server, address } = await startEmptyServer({ connectionsMax: 1 });
  const first = connect(`http://${address}`);
  await new Promise((resolve) => first.once("remoteSettings", resolve));
  const second = connect(`http://${address}`);
  await new Promise<void>((resolve) => {
    second.on("error", () => undefined);
    second.once("close", resolve);
  });
  expect(first.closed).toBe(false);
  first.destroy();
  server.forceShutdown();
});

it("changes nothing where the seam is gone", () => {
  const other = {} as Server;
  const incidents = new Incidents(pino({ level: "silent" }));
  expect(openHttp2Seam(other, { connectionsMax: 1, incidents }, new Set())).toBe(false);
  expect(other).toEqual({});
});
