import { ConnectorError } from "./connector-error.js";
import {
  secretCharsMax,
  secretsMax,
  toleranceMsDefault,
  toleranceMsMax,
  toleranceMsMin,
} from "./limits.js";

/** What one ingress endpoint is configured with. */
export interface ConnectorSettings {
  /** Secrets that are accepted now; two during a rotation. */
  readonly secrets: readonly string[];
  /** Window around a signed timestamp, ms, both ways; only MLflow signs one. */
  readonly toleranceMs: number;
  /**
   * Accept requests without a signature. Only looked at where `secrets` is empty: with a secret
   * configured, leaving out the header must never be a way around it.
   */
  readonly allowUnsigned?: boolean;
}

/** Settings with the default window of five minutes. */
export function settingsOf(...secrets: readonly string[]): ConnectorSettings {
  return { secrets, toleranceMs: toleranceMsDefault };
}

/**
 * Checks settings once, at start.
 *
 * @throws {@link ConnectorError} with `bad_settings`, naming the setting; never a secret's text.
 */
export function checkSettings(settings: ConnectorSettings): void {
  const { secrets, toleranceMs } = settings;
  if (secrets.length === 0 && settings.allowUnsigned !== true) {
    throw badSettings("secrets", "at least one, or allowUnsigned");
  }
  if (secrets.length > secretsMax) {
    throw badSettings("secrets", `${secrets.length} secrets, at most ${secretsMax}`);
  }
  if (secrets.some((secret) => secret.length === 0 || secret.length > secretCharsMax)) {
    throw badSettings("secrets", `each of 1 to ${secretCharsMax} characters`);
  }
  const isInWindow = toleranceMs >= toleranceMsMin && toleranceMs <= toleranceMsMax;
  if (!Number.isInteger(toleranceMs) || !isInWindow) {
    throw badSettings("toleranceMs", `an integer from ${toleranceMsMin} to ${toleranceMsMax}`);
  }
}

function badSettings(field: string, rule: string): ConnectorError {
  return new ConnectorError({ reason: "bad_settings", field, rule });
}
