import { PubSubError } from "@opendxa/pubsub-protocol";
import { BROKER_LIMITS } from "./limits.js";

/** Something is larger than its limit. */
export function limitExceeded(field: string, limit: number, size: number | bigint): PubSubError {
  return PubSubError.of("LIMIT_EXCEEDED", `${field} is ${size}, at most ${limit}`, {
    metadata: { field, limit, size },
  });
}

/** A stream's message came when another one was due. */
export function outOfOrder(expected: string | bigint, got: string | bigint): PubSubError {
  return PubSubError.of("FRAME_OUT_OF_ORDER", `expected ${expected}, got ${got}`, {
    metadata: { expected, got },
  });
}

/** The broker is stopping. */
export function shuttingDown(): PubSubError {
  return PubSubError.of("SHUTTING_DOWN", "the broker is stopping");
}

/** More waits than the bound allows. */
export function overloaded(limit: number, bytes: number): PubSubError {
  return PubSubError.of("OVERLOADED", `${bytes} bytes are waiting, at most ${limit}`, {
    metadata: { limit, bytes },
    retryAfterMs: BROKER_LIMITS.retryAfterSeconds * 1000,
  });
}

/** As many webhooks are being stored as may be at a time. */
export function tooManyWebhooks(limit: number): PubSubError {
  return PubSubError.of("OVERLOADED", `${limit} webhooks are being stored, no more at a time`, {
    metadata: { limit },
    retryAfterMs: BROKER_LIMITS.retryAfterSeconds * 1000,
  });
}

/** The other side was silent for too long. */
export function heartbeatMissed(heartbeatMs: number): PubSubError {
  const missed = BROKER_LIMITS.heartbeatsMissedMax;
  return PubSubError.of(
    "HEARTBEAT_MISSED",
    `nothing was heard for ${missed} times ${heartbeatMs} ms`,
  );
}

/** An RPC of the contract that a later part brings. */
export function notServedYet(method: string, part: number | "R2"): PubSubError {
  return PubSubError.of("NOT_SERVED_YET", `${method} comes with part ${part}`, {
    metadata: { method, part: String(part) },
  });
}

/** A namespace that is not configured. */
export function namespaceNotFound(namespace: string): PubSubError {
  return PubSubError.of("NAMESPACE_NOT_FOUND", `"${namespace}" is not configured`, {
    metadata: { namespace },
  });
}
