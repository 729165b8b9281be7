import { ConnectorError, type ConnectorSettings, checkSettings } from "@opendxa/pubsub-connectors";
import { BROKER_LIMITS } from "../limits.js";
import { ConfigError } from "./config-error.js";
import { readBoundedText } from "./config-file.js";
import type { IngressEndpointConfig } from "./config-schema.js";

/**
 * Collects an endpoint's secrets from the configuration, files and environment.
 *
 * @throws ConfigError naming where a secret is missing or breaks a rule, never its text
 */
export function endpointSettings(
  endpoint: IngressEndpointConfig,
  environment: Readonly<Record<string, string | undefined>>,
): ConnectorSettings {
  const route = `${endpoint.system}/${endpoint.name}`;
  const fromFiles = endpoint.secretFiles.map((file) =>
    readBoundedText(file, BROKER_LIMITS.secretFileBytesMax).replace(/\r?\n$/, ""),
  );
  const fromEnvironment = endpoint.secretEnv.map((name) => {
    const secret = environment[name];
    if (secret !== undefined && secret !== "") return secret;
    throw new ConfigError(
      `The ingress endpoint ${route} takes a secret from the environment variable ${name}, which is not set.`,
      "ingress",
    );
  });
  const settings: ConnectorSettings = {
    secrets: [...endpoint.secrets, ...fromFiles, ...fromEnvironment],
    toleranceMs: endpoint.toleranceMs,
    allowUnsigned: endpoint.allowUnsigned,
  };
  try {
    checkSettings(settings);
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    throw new ConfigError(
      `The ingress endpoint ${route} has unusable "${error.field}": ${error.rule}.`,
      "ingress",
    );
  }
  return settings;
}
