import {
  Entry,
  type Topic,
  TopicIndex,
  TopicSettings,
  type TopicState,
} from "@opendxa/pubsub-protocol";
import fc from "fast-check";
import { expect, it } from "vitest";
import { SettingsPool } from "./shared-settings.js";
import { TopicTable } from "./topic-table.js";

function topic(topicId: number, name: string, retentionMs: number): TopicState {
  const settings = TopicSettings.create({
    partitions: 1,
    index: TopicIndex.ID,
    retentionMs: BigInt(retentionMs),
  });
  const made: Topic = { name, settings, createTimeUnixMs: BigInt(topicId) * 7n, partitions: [] };
  return { topicId, topic: made };
}

const NAMES = ["a", "b/c", "ü", "d"];

interface Step {
  readonly op: "create" | "update" | "delete" | "purge";
  readonly name: string;
  readonly retentionMs: number;
}

/** Topics as plain maps, and the entry that a step makes of them. */
class Model {
  readonly byName = new Map<string, TopicState>();
  readonly byId = new Map<number, TopicState>();
  readonly deleted: TopicState[] = [];
  nextId = 1;

  /** The entry of a step; undefined where the step cannot be done. */
  take({ op, name, retentionMs }: Step): Entry["kind"] {
    if (op === "purge") return this.#purge();
    const known = this.byName.get(name);
    if (op === "create") return known === undefined ? this.#create(name, retentionMs) : undefined;
    if (known === undefined) return undefined;
    if (op === "update") {
      const value = this.#put(topic(known.topicId, name, retentionMs));
      return { $case: "topicUpdated", value: { topic: value } };
    }
    this.byName.delete(name);
    this.deleted.push(known);
    return { $case: "topicDeleted", value: { name, topicId: known.topicId } };
  }

  #create(name: string, retentionMs: number): Entry["kind"] {
    const value = this.#put(topic(this.nextId++, name, retentionMs));
    return { $case: "topicCreated", value: { topic: value } };
  }

  #purge(): Entry["kind"] {
    const oldest = this.deleted.shift();
    if (oldest === undefined) return undefined;
    this.byId.delete(oldest.topicId);
    return { $case: "topicPurged", value: { topicId: oldest.topicId, partitions: 1 } };
  }

  #put(value: TopicState): TopicState {
    this.byName.set(value.topic?.name ?? "", value);
    this.byId.set(value.topicId, value);
    return value;
  }
}

it("answers what a plain table answers, over any life of topics", () => {
  const step = fc.record<Step>({
    op: fc.constantFrom("create", "update", "delete", "purge"),
    name: fc.constantFrom(...NAMES),
    retentionMs: fc.integer({ min: 1_000, max: 1_003 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = new TopicTable();
      const model = new Model();
      for (const each of steps) table.follow(Entry.create({ kind: model.take(each) }));
      const { byName, byId, deleted, nextId } = model;
      expect(table.size).toBe(byName.size);
      expect([...table.namesAfter("")]).toEqual([...byName.keys()].sort());
      expect([...table.ids()].sort()).toEqual([...byName.values()].map((t) => t.topicId).sort());
      expect(table.deleted()).toEqual(deleted);
      for (const name of NAMES) expect(table.byName(name)).toEqual(byName.get(name));
      for (let id = 1; id <= nextId; id += 1) {
        expect(table.byId(id)).toEqual(byId.get(id));
        expect(table.nameOf(id)).toBe(byId.get(id)?.topic?.name);
        expect(table.settingsOf(id)).toEqual(byId.get(id)?.topic?.settings);
      }
    }),
  );
});

it("holds equal settings of many topics once", () => {
  const table = new TopicTable();
  for (let id = 1; id <= 1_000; id += 1) table.put(topic(id, `t/${id}`, 1_000));
  const [one, other] = [table.settingsOf(1), table.settingsOf(1_000)];
  expect(one).toBe(other);
});

it("keeps settings as long as a topic has them", () => {
  const pool = new SettingsPool();
  const settings = (ms: number) => TopicSettings.create({ retentionMs: BigInt(ms) });
  const first = pool.take(settings(1));
  expect(pool.take(settings(1))).toBe(first);
  expect(pool.take(undefined)).not.toBe(pool.take(TopicSettings.create()));
  expect(pool.size).toBe(3);
  pool.giveBack(first);
  expect(pool.take(settings(1))).toBe(first);
  pool.giveBack(first);
  pool.giveBack(first);
  expect(pool.size).toBe(2);
  expect(pool.take(settings(1))).not.toBe(first);
});
