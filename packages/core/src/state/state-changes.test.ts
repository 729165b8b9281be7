import { describe, expect, it } from "vitest";
import { StateChanges } from "./state-changes.js";
import type { Loaded } from "./state-key.js";
import { stateKeys } from "./state-keys.js";

const fetched = stateKeys.memory("fetched");
const empty = stateKeys.memory("empty");
const other = stateKeys.memory("other");
const value = new Uint8Array([1]);
const changed = new Uint8Array([2]);

const below: Loaded = {
  has: ({ name }) => name === fetched.name || name === empty.name,
  get: <T>({ name }: { name: string }) => (name === fetched.name ? (value as T) : undefined),
};

describe("changes of state", () => {
  it("show what lies below until something is changed", () => {
    const changes = new StateChanges(below);
    expect([fetched, empty, other].map((key) => changes.has(key))).toEqual([true, true, false]);
    expect(changes.get(fetched)).toBe(value);
    expect(changes.must(fetched)).toBe(value);
    expect(() => changes.must(empty)).toThrow(`no ${empty.name}`);
    expect(changes.list()).toEqual([]);
  });

  it("show the last change of each key, and list each once in the order of the first", () => {
    const changes = new StateChanges(below);
    changes.put(other, value);
    changes.remove(fetched);
    changes.add({ key: other, value: changed });
    expect(changes.has(other)).toBe(true);
    expect(changes.get(other)).toBe(changed);
    expect(changes.get(fetched)).toBeUndefined();
    expect(changes.list()).toEqual([
      { key: other, value: changed },
      { key: fetched, value: undefined },
    ]);
  });
});
