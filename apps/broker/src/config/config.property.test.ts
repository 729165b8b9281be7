import fc from "fast-check";
import { expect, it } from "vitest";
import { formatAddress, parseAddress } from "./address.js";
import { ConfigError } from "./config-error.js";
import { loadConfig } from "./load-config.js";
import { settings } from "./settings-list.js";

it("answers any values with a configuration or one sentence", async () => {
  const flags = fc.record(
    Object.fromEntries(
      settings.flatMap(({ flag }) => (flag === undefined ? [] : [[flag, fc.string()]])),
    ),
    { requiredKeys: [] },
  );
  const environment = fc.record(
    Object.fromEntries(settings.map(({ variable }) => [variable, fc.string()])),
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(flags, environment, async (given, variables) => {
      try {
        const { config } = await loadConfig({ environment: variables, flags: given });
        expect(parseAddress(config.grpc).port).toBeLessThanOrEqual(65_535);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        expect((error as Error).message).toMatch(/^The .*\.$/s);
      }
    }),
  );
});

it("takes the same number by file key, variable and flag", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1_000, max: 60_000 }), async (heartbeatMs) => {
      const text = String(heartbeatMs);
      const byFlag = await loadConfig({ environment: {}, flags: { "heartbeat-ms": text } });
      const byVariable = await loadConfig({
        environment: { OPENDXA_PUBSUB_HEARTBEAT_MS: text },
        flags: {},
      });
      expect(byFlag.config.heartbeatMs).toBe(heartbeatMs);
      expect(byVariable).toEqual(byFlag);
    }),
  );
});

it("reads back every address that it writes", async () => {
  const hosts = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
  await fc.assert(
    fc.asyncProperty(hosts, fc.integer({ min: 0, max: 65_535 }), async (host, port) => {
      const written = formatAddress({ host, port });
      expect(parseAddress(written)).toEqual({ host, port });
      const { config } = await loadConfig({ environment: {}, flags: { grpc: written } });
      expect(config.grpc).toBe(written);
    }),
  );
});
