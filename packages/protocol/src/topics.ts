import { badRequest } from "./bad-request.js";
import { FUNCTION_NAME_BYTES_MAX } from "./limits.js";
import { PubSubError } from "./pubsub-error.js";
import { brokenTextRule } from "./text-rules.js";
import { validateClientTopicName } from "./topic-name.js";

/**
 * Checks the name of a function: 1 to 200 bytes without `/`, `*`, control characters and a
 * leading `$`, as it becomes a segment of topics.
 *
 * @throws {@link PubSubError} BAD_REQUEST with `field` and `rule`
 */
export function validateFunctionName(name: string): void {
  const rule =
    brokenTextRule(name, { bytesMin: 1, bytesMax: FUNCTION_NAME_BYTES_MAX }) ??
    (/[/*]|^\$/.test(name) ? "no '/', no '*', no leading '$'" : undefined);
  if (rule === undefined) return;
  throw badRequest("function_name", rule);
}

function ofFunction(name: string, kind: string): string {
  validateFunctionName(name);
  return `poet/functions/${name}/${kind}`;
}

/** Names of the topics that the contract speaks of. Builders throw BAD_REQUEST on a bad function name. */
export const topicsOf = {
  /** Executions, drift and monitoring of one function. */
  execution: (functionName: string): string => ofFunction(functionName, "execution"),
  /** Feedback on one function. */
  feedback: (functionName: string): string => ofFunction(functionName, "feedback"),
  /** New versions of one function. */
  updates: (functionName: string): string => ofFunction(functionName, "updates"),
  /** What one external system sent. */
  ingress: (system: string): string => {
    const topic = `ingress/${system}`;
    validateClientTopicName(topic);
    return topic;
  },
  /** What concerns all functions. */
  functionsSystem: "poet/functions/system",
  /** Feedback that matched nothing so far. */
  pending: "poet/feedback/pending",
  /** Records of matches. */
  processed: "poet/feedback/processed",
  /** Health of POET. */
  health: "poet/system/health",
  /** Metrics of POET. */
  metrics: "poet/system/metrics",
  /** Alerts, asked for and opened. */
  alerts: "poet/alerts",
  /** Short name of the client API; the pattern also matches every function's feedback. */
  feedbackShort: "feedback",
  /** What was learned. */
  learning: "learning",
} as const;

/** What an event's type alone does not say. */
export interface TopicContext {
  /** Function that the event is about. */
  readonly functionName?: string | undefined;
}

type Route = (type: string, context: TopicContext) => string;

const perFunction =
  (kind: "execution" | "feedback" | "updates"): Route =>
  (type, { functionName }) => {
    if (functionName !== undefined) return topicsOf[kind](functionName);
    const rule = `events of type ${type} need the name of their function`;
    throw PubSubError.of("BAD_REQUEST", rule, { metadata: { field: "function_name", rule } });
  };

const EXACT: Readonly<Record<string, Route>> = {
  feedback: (_type, { functionName }) =>
    functionName === undefined ? topicsOf.feedbackShort : topicsOf.feedback(functionName),
  learning: () => topicsOf.learning,
  "function.execution": perFunction("execution"),
  "function.feedback": perFunction("feedback"),
  "function.update": perFunction("updates"),
};

const FAMILIES: Readonly<Record<string, Route>> = {
  drift: perFunction("execution"),
  monitoring: perFunction("execution"),
  feedback: perFunction("feedback"),
  enhancement: perFunction("updates"),
  transpilation: perFunction("updates"),
  learning: () => topicsOf.learning,
  alert: () => topicsOf.alerts,
  external: (type) => topicsOf.ingress(type.split(".")[1] ?? ""),
};

/**
 * Topic that events of a type go to.
 *
 * @param type dotted type of the envelope
 * @returns the topic, or undefined for a type that is not of POET: its publisher names the topic
 * @throws {@link PubSubError} BAD_REQUEST when the type's topic is a function's and none is named
 */
export function topicForType(type: string, context: TopicContext = {}): string | undefined {
  const family = type.includes(".") ? type.slice(0, type.indexOf(".")) : "";
  const route =
    (Object.hasOwn(EXACT, type) ? EXACT[type] : undefined) ??
    (Object.hasOwn(FAMILIES, family) ? FAMILIES[family] : undefined);
  return route?.(type, context);
}
