import { describe, expect, it } from "vitest";
import {
  correlationIdKey,
  correlationIdOf,
  deadLetterTopicOf,
  executionKey,
  FUNCTION_NAME_BYTES_MAX,
  formatCorrelationKey,
  isReservedTopic,
  NAME_BYTES_MAX,
  PubSubError,
  parseCorrelationKey,
  TopicPattern,
  topicForType,
  topicsOf,
  validateClientTopicName,
  validateFunctionName,
  validateSubscriptionName,
} from "./index.js";

function reasonOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return PubSubError.from(error).reason;
  }
  return "none";
}

describe("topicForType", () => {
  it.each([
    ["function.execution", "poet/functions/f/execution"],
    ["drift.detected", "poet/functions/f/execution"],
    ["monitoring.completed", "poet/functions/f/execution"],
    ["monitoring.performance_degraded", "poet/functions/f/execution"],
    ["feedback", "poet/functions/f/feedback"],
    ["function.feedback", "poet/functions/f/feedback"],
    ["feedback.human_validation", "poet/functions/f/feedback"],
    ["function.update", "poet/functions/f/updates"],
    ["enhancement.regenerated", "poet/functions/f/updates"],
    ["transpilation.completed", "poet/functions/f/updates"],
    ["learning", "learning"],
    ["learning.pattern_detected", "learning"],
    ["alert.create_external", "poet/alerts"],
    ["external.pagerduty.incident.resolved", "ingress/pagerduty"],
    ["anything.else", undefined],
    ["constructor", undefined],
    ["constructor.name", undefined],
  ])("%s goes to %s", (type, topic) => {
    expect(topicForType(type, { functionName: "f" })).toBe(topic);
  });

  it("asks for the function where the topic is one's", () => {
    expect(reasonOf(() => topicForType("drift.detected"))).toBe("BAD_REQUEST");
    expect(topicForType("feedback")).toBe("feedback");
    expect(reasonOf(() => topicForType("external"))).toBe("none");
    expect(reasonOf(() => topicForType("external."))).toBe("TOPIC_NAME_INVALID");
  });
});

describe("names", () => {
  it("keep function names to one segment", () => {
    validateFunctionName("é".repeat(FUNCTION_NAME_BYTES_MAX / 2));
    for (const name of ["", "a/b", "a*", "$a", "a\n", "x".repeat(FUNCTION_NAME_BYTES_MAX + 1)]) {
      expect(reasonOf(() => topicsOf.feedback(name))).toBe("BAD_REQUEST");
    }
  });

  it("keep clients off the broker's own topics", () => {
    validateClientTopicName("a/b$");
    expect(reasonOf(() => validateClientTopicName("$audit"))).toBe("TOPIC_NAME_INVALID");
    expect(reasonOf(() => validateClientTopicName("a/$b"))).toBe("TOPIC_NAME_INVALID");
    expect(isReservedTopic(deadLetterTopicOf("s"))).toBe(true);
  });

  it("keep subscription names to their letters", () => {
    validateSubscriptionName("learner:detect_drift/v1.2-x");
    for (const name of ["", "a b", "é", "$a", "x".repeat(NAME_BYTES_MAX + 1)]) {
      expect(reasonOf(() => validateSubscriptionName(name))).toBe("BAD_REQUEST");
    }
  });

  it("write the keys that they read", () => {
    expect(formatCorrelationKey({ system: "mlflow", kind: "run", rest: "a:b" })).toBe(
      "mlflow:run:a:b",
    );
    expect(executionKey("e")).toBe("opendxa:execution:e");
    const ofId = parseCorrelationKey(correlationIdKey("a:b"));
    expect(ofId).toEqual({ system: "opendxa", kind: "correlation", rest: "a:b" });
    expect(correlationIdOf(ofId)).toBe("a:b");
    expect(correlationIdOf(parseCorrelationKey(executionKey("e")))).toBeUndefined();
    expect(reasonOf(() => formatCorrelationKey({ system: "A", kind: "b", rest: "c" }))).toBe(
      "CORRELATION_KEY_INVALID",
    );
  });
});

describe("TopicPattern", () => {
  it("says whether it names one topic only", () => {
    expect(TopicPattern.parse("a/b").isLiteral).toBe(true);
    expect(TopicPattern.parse("a/*").isLiteral).toBe(false);
    expect(TopicPattern.parse("feedback").isLiteral).toBe(false);
    expect(TopicPattern.parse("constructor").expand()).toHaveLength(1);
  });

  it("expands its alias into patterns without one", () => {
    const expanded = TopicPattern.parse("feedback").expand();
    expect(expanded.map(({ text }) => text)).toEqual(["feedback", "poet/functions/*/feedback"]);
    expect(expanded[0]?.isLiteral).toBe(true);
  });
});
