import { PubSubError, partitionForKey } from "@opendxa/pubsub-protocol";
import { expect, it } from "vitest";
import { Partitions } from "./partitions.js";

it("asks once for all that wait, and again only when it was wrong", async () => {
  const asked: string[] = [];
  const partitions = new Partitions(async (topic) => {
    asked.push(topic);
    return 4;
  });
  expect(await Promise.all([partitions.count("t"), partitions.count("t")])).toEqual([4, 4]);
  expect(await partitions.count("t")).toBe(4);
  expect(asked).toEqual(["t"]);
  partitions.forget("t");
  await partitions.count("t");
  expect(asked).toEqual(["t", "t"]);
});

it("chooses by key, in turn without one, and the only one of a topic with one", async () => {
  const partitions = new Partitions(async (topic) => (topic === "one" ? 1 : 3));
  await Promise.all([partitions.count("one"), partitions.count("three")]);
  expect(partitions.ofKey("three", "key")).toBe(partitionForKey("key", 3));
  expect(partitions.ofKey("three", undefined)).toBeUndefined();
  expect(Array.from({ length: 4 }, () => partitions.inTurn("three"))).toEqual([0, 1, 2, 0]);
  expect([partitions.ofKey("one", undefined), partitions.ofKey("one", "key")]).toEqual([0, 0]);
});

it("takes an absent topic for one of a single partition, and hands other errors on", async () => {
  const absent = new Partitions(async () => {
    throw PubSubError.of("TOPIC_NOT_FOUND", "absent");
  });
  expect(await absent.count("t")).toBe(1);
  const broken = new Partitions(async () => {
    throw PubSubError.of("TIMED_OUT", "late");
  });
  await expect(broken.count("t")).rejects.toMatchObject({ reason: "TIMED_OUT" });
  expect(broken.known("t")).toBeUndefined();
});
