import type { ServiceError } from "@grpc/grpc-js";
import { isCancellation, PubSubError } from "@opendxa/pubsub-protocol";
import { fromServiceError, STATUS_DETAILS_KEY } from "@opendxa/pubsub-protocol/grpc";

const DEADLINE_EXCEEDED = 4;
/** Statuses that say the same whoever answered: a proxy may refuse, too. */
const ANSWERS = new Set([7, 12, 16]);

/**
 * What an error of grpc-js means. No bare status ever leaves a broker, so one without our details
 * is the transport's: the connection is lost, and it is not known what happened to the request.
 */
export function transportError(caught: unknown): PubSubError {
  if (caught instanceof PubSubError) return caught;
  if (!isServiceError(caught)) {
    return isCancellation(caught) ? lost("cancelled", caught) : PubSubError.from(caught);
  }
  const hasDetails = caught.metadata.get(STATUS_DETAILS_KEY).length > 0;
  if (hasDetails || ANSWERS.has(caught.code)) return fromServiceError(caught);
  if (caught.code === DEADLINE_EXCEEDED) {
    return PubSubError.of("TIMED_OUT", "no answer within the deadline", { cause: caught });
  }
  return lost(caught.details, caught);
}

function lost(details: string, cause: unknown): PubSubError {
  return PubSubError.of("CONNECTION_LOST", details || "the connection ended", { cause });
}

function isServiceError(caught: unknown): caught is ServiceError {
  const { code, metadata } = (caught ?? {}) as Partial<ServiceError>;
  return typeof code === "number" && typeof metadata?.get === "function";
}
