import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { IngressEndpointConfig } from "./config-schema.js";
import { endpointSettings } from "./endpoint-secrets.js";
import { loadConfig } from "./load-config.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "broker-config-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string): string {
  const path = join(folder, `${Math.abs(hash(content))}.yaml`);
  writeFileSync(path, content);
  return path;
}

function hash(text: string): number {
  return [...text].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) | 0, 7);
}

async function load(flags: Record<string, string>, environment: Record<string, string> = {}) {
  const { config } = await loadConfig({ environment, flags });
  return config;
}

async function messageOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

describe("loadConfig", () => {
  it("has the documented defaults", async () => {
    expect(await load({})).toMatchObject({
      grpc: "127.0.0.1:50051",
      http: "127.0.0.1:8051",
      data: "./.opendxa-pubsub",
      namespaces: ["default"],
      index: "auto",
      logLevel: "info",
      ingress: [],
    });
  });

  it("lets flags win over the environment and that over the file", async () => {
    const config = file(
      "grpc: 1.1.1.1:1\nhttp: 1.1.1.1:2\nlogLevel: warn\nlimits:\n  connectionsMax: 5\n",
    );
    const environment = { OPENDXA_PUBSUB_HTTP: "2.2.2.2:2", OPENDXA_PUBSUB_LOG_LEVEL: "error" };
    expect(await load({ config, "log-level": "debug" }, environment)).toMatchObject({
      grpc: "1.1.1.1:1",
      http: "2.2.2.2:2",
      logLevel: "debug",
      limits: { connectionsMax: 5, httpConnectionsMax: 200 },
    });
    expect((await load({}, { OPENDXA_PUBSUB_CONFIG: config })).grpc).toBe("1.1.1.1:1");
    expect((await load({ namespaces: "a, b" })).namespaces).toEqual(["a", "b"]);
    expect((await load({ "limits-connections-max": "9" })).limits.connectionsMax).toBe(9);
  });

  it("takes endpoints as JSON from the environment and never by a flag", async () => {
    const ingress = [{ system: "mlflow", secrets: ["s3cret"] }];
    const config = await load({}, { OPENDXA_PUBSUB_INGRESS: JSON.stringify(ingress) });
    expect(config.ingress[0]).toMatchObject({ name: "default", namespace: "default" });
  });

  it.each([
    [
      "grpcs: 1",
      'The key "grpcs" (from file FILE) is not known here; known are grpc, http, data, namespaces, index, journal, logLevel, shutdownGraceMs, heartbeatMs, clockConfirmed, ingress, limits.',
    ],
    [
      "limits:\n  x: 1",
      'The key "limits.x" (from file FILE) is not known here; known are connectionsMax, streamsPerConnectionMax, httpConnectionsMax, httpRequestTimeoutMs, ingressInFlightMax, diskReserveBytes, retentionMsMax.',
    ],
    ["limits: 3", 'The key "limits" (from file FILE) must be a map of keys to values.'],
    [
      "grpc: nowhere",
      'The key "grpc" (from file FILE) must be host:port with a port of 0 to 65535 (0 takes a free one).',
    ],
    ["data: ''", 'The key "data" (from file FILE) must not be empty.'],
    ["index: sqlite", 'The key "index" (from file FILE) must be one of auto, rocksdb, leveldb.'],
    ["namespaces: []", 'The key "namespaces" (from file FILE) must name at least one namespace.'],
    [
      "namespaces: [a, a]",
      'The key "namespaces" (from file FILE) must not name a namespace twice.',
    ],
    [
      `namespaces: [${Array.from({ length: 17 }, (_, index) => `n${index}`).join(", ")}]`,
      'The key "namespaces" (from file FILE) must name at most 16 namespaces.',
    ],
    [
      "ingress: [{system: jira, secrets: [a]}]",
      'The key "ingress.0.system" (from file FILE) must be one of mlflow, pagerduty.',
    ],
    [
      "ingress: [{system: mlflow, secrets: [a], namespace: other}]",
      'The key "ingress.0.namespace" names "other", which is not in "namespaces".',
    ],
    [
      "ingress: [{system: mlflow, secrets: [a]}, {system: mlflow, secrets: [b]}]",
      'The key "ingress.1.name" repeats the endpoint mlflow/default.',
    ],
    [
      "ingress: [{system: mlflow, secrets: [a], toleranceMs: 269999}]",
      'The key "ingress.0.toleranceMs" (from file FILE) must be a whole number of 270000 to 3600000.',
    ],
    [
      "ingress: [{system: mlflow, secrets: [a], toleranceMs: 3600001}]",
      'The key "ingress.0.toleranceMs" (from file FILE) must be a whole number of 270000 to 3600000.',
    ],
    [
      "limits: {retentionMsMax: 999}",
      'The key "limits.retentionMsMax" (from file FILE) must be a whole number of 1000 to 3153600000000.',
    ],
    [
      "limits: {diskReserveBytes: 1125899906842625}",
      'The key "limits.diskReserveBytes" (from file FILE) must be a whole number of 0 to 1125899906842624.',
    ],
    [
      "clockConfirmed: yesterday",
      'The key "clockConfirmed" (from file FILE) must be empty or a time such as 2026-01-31T12:00:00Z.',
    ],
    [
      `ingress: [${Array.from({ length: 257 }, (_, index) => `{system: mlflow, name: n${index}, secrets: [a]}`).join(", ")}]`,
      'The key "ingress" (from file FILE) must have at most 256 endpoints.',
    ],
    [
      `ingress: [{system: mlflow, secrets: [a], name: ${"n".repeat(65)}}]`,
      `The key "ingress.0.name" (from file FILE) must be 1 to 64 characters of a-z, 0-9, '_' and '-'.`,
    ],
    [
      `namespaces: [${"n".repeat(65)}]`,
      `The key "namespaces.0" (from file FILE) must be 1 to 64 characters of a-z, 0-9, '_' and '-'.`,
    ],
    [
      "limits: {connectionsMax: 0}",
      'The key "limits.connectionsMax" (from file FILE) must be a whole number of 1 to 100000.',
    ],
    [
      "limits: {streamsPerConnectionMax: 1000001}",
      'The key "limits.streamsPerConnectionMax" (from file FILE) must be a whole number of 1 to 1000000.',
    ],
    [
      "limits: {httpRequestTimeoutMs: 99}",
      'The key "limits.httpRequestTimeoutMs" (from file FILE) must be a whole number of 100 to 600000.',
    ],
    ["- a", "The configuration file FILE must hold a map of keys to values."],
  ])("refuses %j with one sentence", async (content, sentence) => {
    const config = file(content);
    expect((await messageOf(() => load({ config }))).replaceAll(config, "FILE")).toBe(sentence);
  });

  it("names the variable or the flag that a wrong value came from", async () => {
    expect(await messageOf(() => load({}, { OPENDXA_PUBSUB_HEARTBEAT_MS: "fast" }))).toBe(
      'The key "heartbeatMs" (from environment variable OPENDXA_PUBSUB_HEARTBEAT_MS) must be a whole number of 1000 to 60000.',
    );
    expect(await messageOf(() => load({ "shutdown-grace-ms": "-1" }))).toBe(
      'The key "shutdownGraceMs" (from flag --shutdown-grace-ms) must be a whole number of 0 to 600000.',
    );
    expect(await messageOf(() => load({}, { OPENDXA_PUBSUB_INGRESS: "[" }))).toBe(
      'The value of OPENDXA_PUBSUB_INGRESS (key "ingress") is not JSON.',
    );
    expect(await messageOf(() => load({ config: join(folder, "missing.yaml") }))).toContain(
      "cannot be read (ENOENT).",
    );
  });

  it("bounds the configuration file", async () => {
    const config = file(`# ${"x".repeat(1024 * 1024)}`);
    expect(await messageOf(() => load({ config }))).toContain("at most 1048576 are read.");
  });

  it("lists variables of the prefix that it does not know instead of failing", async () => {
    const { unknownVariables } = await loadConfig({
      environment: { OPENDXA_PUBSUB_GRCP: "x" },
      flags: {},
    });
    expect(unknownVariables).toEqual(["OPENDXA_PUBSUB_GRCP"]);
  });
});

describe("endpointSettings", () => {
  const endpoint = async () => {
    const ingress = JSON.stringify([{ system: "mlflow", secrets: ["inline"] }]);
    const { ingress: loaded } = await load({}, { OPENDXA_PUBSUB_INGRESS: ingress });
    return loaded[0] as IngressEndpointConfig;
  };

  it("collects secrets of all three kinds", async () => {
    const secretFiles = [file("from-file\n")];
    const settings = endpointSettings(
      { ...(await endpoint()), secretFiles, secretEnv: ["HOOK"] },
      { HOOK: "from-env" },
    );
    expect(settings.secrets).toEqual(["inline", "from-file", "from-env"]);
  });

  it("bounds a file that holds a secret", async () => {
    const secretFiles = [file("x".repeat(4_097))];
    const message = await messageOf(async () =>
      endpointSettings({ ...(await endpoint()), secretFiles }, {}),
    );
    expect(message).toBe(`The file ${secretFiles[0]} has 4097 bytes; at most 4096 are read.`);
  });

  it("names what is missing and never a secret", async () => {
    expect(
      await messageOf(async () =>
        endpointSettings({ ...(await endpoint()), secretEnv: ["HOOK"] }, {}),
      ),
    ).toBe(
      "The ingress endpoint mlflow/default takes a secret from the environment variable HOOK, which is not set.",
    );
    expect(
      await messageOf(async () => endpointSettings({ ...(await endpoint()), secrets: [] }, {})),
    ).toBe(
      'The ingress endpoint mlflow/default has unusable "secrets": at least one, or allowUnsigned.',
    );
    const long = "x".repeat(2000);
    expect(
      await messageOf(async () => endpointSettings({ ...(await endpoint()), secrets: [long] }, {})),
    ).not.toContain("xxx");
  });
});
