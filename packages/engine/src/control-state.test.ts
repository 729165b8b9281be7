import { payloadIndexPrefixes } from "@opendxa/pubsub-core";
import { MemoryStore } from "@opendxa/pubsub-index-store";
import { expect, it } from "vitest";
import { controlState, isControlKey } from "./control-state.js";

const value = new Uint8Array([1]);
const control = ["cur/1", "dd/1", "ns", "topic/a", "x/1", "zz"];
const others = ["!applied", ...payloadIndexPrefixes.flatMap((prefix) => [prefix, `${prefix}~1`])];

it("is all but the engine's own keys and those that index payload, as of the moment asked", async () => {
  const index = MemoryStore.create();
  await index.write([...others, ...control].map((key) => ({ key, value })));
  const blocks = await controlState(index);
  await index.write([
    { key: "aa", value },
    { key: "ns", value: undefined },
  ]);
  const keys: string[] = [];
  for await (const block of blocks) keys.push(...block.map(({ key }) => key));
  expect(keys).toEqual(control);
  expect(control.every(isControlKey)).toBe(true);
  expect(others.some(isControlKey)).toBe(false);
});
