import { readdirSync, readFileSync } from "node:fs";
import type { ConnectorSystem, WebhookRequest } from "./connector.js";

/** A recorded request; only tests read it. */
export interface CapturedRequest {
  /** File name without `.json`. */
  readonly name: string;
  /** The request as the connectors take it. */
  readonly request: WebhookRequest;
  /** Secret it was signed with. */
  readonly secret: string;
  /** Secret before a rotation, where the fixture has one. */
  readonly previousSecret: string | undefined;
  /** What a verifier that knows `secret` must answer. */
  readonly isValid: boolean;
  /** When it arrived, ms since 1970; 0 where it was not recorded. */
  readonly receivedAtMs: number;
}

interface FixtureFile {
  readonly received_at_unix?: number;
  readonly secret?: string | null;
  readonly secrets?: { readonly current: string; readonly previous: string };
  readonly expect_valid_with_current_secret?: boolean;
  readonly request: {
    readonly headers: readonly (readonly [string, string])[];
    readonly body: string;
  };
}

const folder = new URL("../fixtures/", import.meta.url);

/** The webhook fixtures of a system, in the order of their names. */
export function capturedRequests(system: ConnectorSystem): readonly CapturedRequest[] {
  return readdirSync(new URL(`${system}/`, folder))
    .filter((name) => name.endsWith(".json") && !name.startsWith("events-v2."))
    .map((name) => name.replace(/\.json$/, ""))
    .toSorted()
    .map((name) => captured(system, name));
}

/** One fixture by its name. */
export function captured(system: ConnectorSystem, name: string): CapturedRequest {
  const text = readFileSync(new URL(`${system}/${name}.json`, folder), "utf8");
  const file = JSON.parse(text) as FixtureFile;
  const headers = file.request.headers.map(([key, value]): [string, string] => [
    key.toLowerCase(),
    value,
  ]);
  return {
    name,
    request: {
      headers: Object.fromEntries(headers),
      body: new TextEncoder().encode(file.request.body),
    },
    secret: file.secrets?.current ?? file.secret ?? "",
    previousSecret: file.secrets?.previous,
    isValid: file.expect_valid_with_current_secret ?? true,
    receivedAtMs: (file.received_at_unix ?? 0) * 1000,
  };
}
