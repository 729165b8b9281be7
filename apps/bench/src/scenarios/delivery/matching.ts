import type { Matched, MatchTask } from "../../children/match-task.js";
import { runChild } from "../../processes/child.js";
import { type DeliveryPart, inRounds } from "./part.js";

/** Patterns of the small namespace. */
const FEW_PATTERNS = 100;

/**
 * The first look at a topic among many patterns by that among few: more of a topic's segments lead
 * somewhere, and colder memory. A walk over the patterns would cost as many times as much as there
 * are times as many.
 */
const COLD_RATIO_REQUIRED = 5;

/** What each published batch pays for finding the subscriptions of its topic. */
export const matching: DeliveryPart = {
  name: "matching",
  title: "finding a topic's subscriptions among many patterns, against few",
  limitMs: 600_000,
  run: async (context) => {
    const { matchedTopics: topics, patterns, loadMsMax: timeoutMs } = context.sizes;
    const measure = (task: MatchTask) =>
      runChild<MatchTask, Matched>({ name: "match-topics-child", task, timeoutMs });
    const rounds = await inRounds(context, async () => ({
      few: await measure({ topics, patterns: FEW_PATTERNS }),
      many: await measure({ topics, patterns }),
    }));
    return { figures: figuresOf(rounds, patterns) };
  },
};

interface Round {
  readonly few: Matched;
  readonly many: Matched;
}

function figuresOf(rounds: readonly Round[], patterns: number) {
  const values = (of: (round: Round) => number) => rounds.map(of);
  const names = { few: `${FEW_PATTERNS} patterns`, many: `${patterns} patterns` } as const;
  return [
    {
      name: "first batch of a topic, many patterns by few",
      unit: "ratio",
      values: values(({ few, many }) => many.coldMicroseconds / few.coldMicroseconds),
      required: { at: "most", value: COLD_RATIO_REQUIRED } as const,
    },
    ...(["few", "many"] as const).flatMap((size) => [
      {
        name: `first batch of a topic, ${names[size]}`,
        unit: "us",
        values: values((round) => round[size].coldMicroseconds),
      },
      {
        name: `later batch, ${names[size]}`,
        unit: "us",
        values: values((round) => round[size].warmMicroseconds),
      },
      {
        name: `patterns that match a topic, of ${names[size]}`,
        unit: "",
        values: values((round) => round[size].matches),
      },
    ]),
  ];
}
