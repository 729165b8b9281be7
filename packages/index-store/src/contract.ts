/**
 * The contract suite: every implementation of `IndexStore` runs it in its own tests.
 *
 * @packageDocumentation
 */
import { afterEach, beforeEach, describe } from "vitest";
import { declareBounds } from "./contract/bounds.js";
import { declareClosing } from "./contract/closing.js";
import {
  ContractBench,
  type IndexStoreCapabilities,
  type IndexStoreFixture,
} from "./contract/contract-bench.js";
import { declareIterations } from "./contract/iterations.js";
import { declareRanges } from "./contract/ranges.js";
import { declareReadsAndWrites } from "./contract/reads-and-writes.js";

export type { IndexStoreCapabilities, IndexStoreFixture };

/** Declares the contract's tests for one implementation; each test gets a fixture of its own. */
export function describeIndexStoreContract(
  name: string,
  createFixture: () => Promise<IndexStoreFixture>,
  capabilities: IndexStoreCapabilities,
): void {
  describe(`${name} keeps the contract of IndexStore`, () => {
    let bench: ContractBench;
    const current = (): ContractBench => bench;
    beforeEach(async () => {
      bench = await ContractBench.open(await createFixture());
    });
    afterEach(async () => await bench.dispose());
    describe("reading and writing", () => declareReadsAndWrites(current, capabilities));
    describe("ranges", () => declareRanges(current));
    describe("iterations", () => declareIterations(current));
    describe("bounds", () => declareBounds(current));
    describe("closing", () => declareClosing(current, capabilities));
  });
}
