import { stateKeys, stateWrite } from "@opendxa/pubsub-core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { ChangedRecords } from "./changed-records.js";
import { sortedRunKeysMax } from "./limits.js";
import { StateChange } from "./state-change.js";

const change = fc.record({
  key: fc.nat({ max: sortedRunKeysMax * 2 }),
  value: fc.option(fc.uint8Array({ maxLength: 3 }), { nil: undefined }),
});

it("holds of each key the newest change, sorted, however many runs it took", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 0, maxLength: sortedRunKeysMax * 4, size: "max" }),
      async (changes) => {
        const collected = new ChangedRecords();
        const model = new Map<string, Uint8Array | undefined>();
        for (const { key, value } of changes) {
          const write = stateWrite(stateKeys.memory(String(key)), value);
          model.set(write.key.name, value);
          collected.add(new StateChange(write));
        }
        const found: [string, Uint8Array | undefined][] = [];
        for await (const block of collected.blocks()) {
          found.push(
            ...block.map(({ key, value }): [string, Uint8Array | undefined] => [key, value]),
          );
        }
        expect(found).toEqual([...model].sort(([a], [b]) => (a < b ? -1 : 1)));
      },
    ),
    { numRuns: 30 },
  );
});
