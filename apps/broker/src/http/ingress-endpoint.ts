import {
  type Connector,
  ConnectorError,
  type ConnectorMemory,
  type ConnectorSettings,
  type Mapping,
  type WebhookRequest,
} from "@opendxa/pubsub-connectors";
import type { Engine, ExternalFeedback, ExternalOutcome } from "@opendxa/pubsub-engine";
import { badRequest, PubSubError } from "@opendxa/pubsub-protocol";

/** One webhook endpoint, ready to serve. */
export interface IngressEndpoint {
  /** Name in the path. */
  readonly name: string;
  /** The system's connector. */
  readonly connector: Connector;
  /** Its secrets and window. */
  readonly settings: ConnectorSettings;
  /** Engine of its namespace. */
  readonly engine: Engine;
}

/**
 * Takes a webhook: believes it on its raw bytes, parses it, maps it with what is remembered, and
 * stores raw event, feedback, match and memory in one entry.
 *
 * @returns what became of it, durably; @throws PubSubError, before anything is stored
 */
export async function receiveWebhook(
  endpoint: IngressEndpoint,
  request: WebhookRequest,
  nowMs: number,
): Promise<ExternalOutcome> {
  const { connector, engine, name } = endpoint;
  const verified = connector.verify(request, endpoint.settings, nowMs);
  if (!verified.ok) {
    throw PubSubError.of("SIGNATURE_INVALID", verified.detail, {
      metadata: { system: connector.system, rule: verified.reason },
    });
  }
  const parsed = parse(connector, request.body);
  const deliveryId = connector.dedupId(verified, parsed);
  const memory = await loadMemory(engine, connector.memoryKeys(parsed));
  const mapping = connector.map(parsed, memory, { deliveryId });
  return await engine.receiveExternal({
    system: connector.system,
    endpoint: name,
    deliveryId,
    type: mapping.eventType,
    subject: mapping.subject,
    occurredAtMs: mapping.occurredAtMs,
    body: request.body,
    contentType: request.headers["content-type"] ?? "application/json",
    keys: mapping.explanation,
    feedback: feedbackOf(mapping),
    memory: mapping.memory.map(({ key, value }) => ({
      key,
      value: value === undefined ? undefined : Buffer.from(JSON.stringify(value)),
    })),
  });
}

function parse(connector: Connector, body: Uint8Array) {
  try {
    return connector.parse(body);
  } catch (error) {
    if (error instanceof ConnectorError) throw badRequest(error.field, error.rule);
    throw error;
  }
}

async function loadMemory(
  engine: Engine,
  keys: readonly string[],
): Promise<ReadonlyMap<string, ConnectorMemory>> {
  const stored = await engine.readMemory(keys);
  return new Map(
    [...stored].map(([key, bytes]) => [
      key,
      JSON.parse(Buffer.from(bytes).toString("utf8")) as ConnectorMemory,
    ]),
  );
}

function feedbackOf({ feedback, notes }: Mapping): ExternalFeedback | undefined {
  if (feedback === undefined) return undefined;
  const { retracted, revisesDeliveryId } = feedback;
  return {
    feedbackType: feedback.feedbackType,
    metrics: feedback.metrics,
    context: {
      ...feedback.context,
      ...(notes.length === 0 ? {} : { notes: [...notes] }),
      ...(retracted ? { retracted } : {}),
      ...(revisesDeliveryId === undefined ? {} : { revises_delivery_id: revisesDeliveryId }),
    },
    suggestions: feedback.suggestions,
    rating: feedback.rating,
    comments: feedback.comments,
    originalType: feedback.typedEventType,
    typedData: feedback.typedData,
  };
}
