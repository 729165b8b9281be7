import fc from "fast-check";
import { expect, it } from "vitest";
import { formatAddress, parseAddress } from "./address.js";
import { ConfigError } from "./config-error.js";
import { loadConfig } from "./load-config.js";
import { settings } from "./settings-list.js";

it("answers any values with a configuration or one sentence", () => {
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
  fc.assert(
    fc.property(flags, environment, (given, variables) => {
      try {
        const { config } = loadConfig({ environment: variables, flags: given });
        expect(parseAddress(config.grpc).port).toBeLessThanOrEqual(65_535);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        expect((error as Error).message).toMatch(/^The .*\.$/s);
      }
    }),
  );
});

it("takes the same number by file key, variable and flag", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_000, max: 60_000 }), (heartbeatMs) => {
      const text = String(heartbeatMs);
      const byFlag = loadConfig({ environment: {}, flags: { "heartbeat-ms": text } });
      const byVariable = loadConfig({
        environment: { OPENDXA_PUBSUB_HEARTBEAT_MS: text },
        flags: {},
      });
      expect(byFlag.config.heartbeatMs).toBe(heartbeatMs);
      expect(byVariable).toEqual(byFlag);
    }),
  );
});

it("reads back every address that it writes", () => {
  const hosts = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
  fc.assert(
    fc.property(hosts, fc.integer({ min: 0, max: 65_535 }), (host, port) => {
      const written = formatAddress({ host, port });
      expect(parseAddress(written)).toEqual({ host, port });
      expect(loadConfig({ environment: {}, flags: { grpc: written } }).config.grpc).toBe(written);
    }),
  );
});
