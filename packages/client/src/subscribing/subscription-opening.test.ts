import { PubSubError, SubscriptionSettings } from "@opendxa/pubsub-protocol";
import { expect, it } from "vitest";
import type { ResolvedSubscribe } from "./subscribe-options.js";
import { SubscriptionOpening } from "./subscription-opening.js";

const settings = SubscriptionSettings.create({ patterns: ["t"] });
const notFound = PubSubError.of("SUBSCRIPTION_NOT_FOUND", "it is gone");

function openingOf(changes: Partial<ResolvedSubscribe> = {}): SubscriptionOpening {
  const options: ResolvedSubscribe = {
    subscription: "s",
    settings,
    consumerName: "",
    creditBytes: 1_000,
    creditEvents: 10,
    concurrency: 1,
    leaseHeldMsMax: 0,
    signal: undefined,
    ...changes,
  };
  return new SubscriptionOpening(options, "n");
}

function sentBy(opening: SubscriptionOpening) {
  const { message } = opening.message();
  return message?.$case === "open" ? message.value.settings : undefined;
}

it("asks by name alone once it was open, and creates again what is gone", () => {
  const opening = openingOf();
  expect(sentBy(opening)).toEqual(settings);
  expect(opening.opensAgainAfter(notFound)).toBe(false);
  opening.opened();
  expect(sentBy(opening)).toBeUndefined();
  expect(opening.opensAgainAfter(PubSubError.of("NAMESPACE_NOT_FOUND", "no"))).toBe(false);
  expect(opening.opensAgainAfter(notFound)).toBe(true);
  expect(sentBy(opening)).toEqual(settings);
  expect(opening.opensAgainAfter(notFound)).toBe(false);
});

it("joins what somebody else created again with other settings, but not the first time", () => {
  const exists = PubSubError.of("SUBSCRIPTION_EXISTS", "it has other settings");
  const opening = openingOf();
  expect(opening.opensAgainAfter(exists)).toBe(false);
  opening.opened();
  expect(opening.opensAgainAfter(notFound)).toBe(true);
  expect(opening.opensAgainAfter(exists)).toBe(true);
  expect(sentBy(opening)).toBeUndefined();
  expect(opening.opensAgainAfter(notFound)).toBe(true);
});

it("ends where nothing says how to create it", () => {
  const opening = openingOf({ settings: undefined });
  opening.opened();
  expect(opening.opensAgainAfter(notFound)).toBe(false);
});

it("states its settings for each stream where the broker gives the name", () => {
  const opening = openingOf({ subscription: "" });
  opening.opened();
  expect(sentBy(opening)).toEqual(settings);
});
