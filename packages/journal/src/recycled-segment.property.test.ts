import { CRASH_MODES, type CrashMode, SimulatedDisk } from "@opendxa/pubsub-simulated";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Durability, Journal } from "./index.js";
import { all, idle, type SimulatedPlace, simulated } from "./test/journal-subjects.js";
import { findings } from "./test/specimen.js";

type Step =
  | { kind: "append"; sizes: number[]; durability: Durability }
  | { kind: "letGo"; kept: number }
  | { kind: "forget"; back: number; count: number }
  | { kind: "pass" };

interface Life {
  readonly steps: readonly Step[];
  /** Operations of the disk until the power goes. */
  readonly cut: number;
  readonly mode: CrashMode;
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      sizes: fc.array(fc.integer({ min: 0, max: 1300 }), { minLength: 1, maxLength: 3 }),
      durability: fc.constantFrom<Durability>("fsync", "fsync", "os"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("letGo" as const),
      kept: fc.integer({ min: 0, max: 8 }),
    }),
  },
  fc.record({
    kind: fc.constant("forget" as const),
    back: fc.integer({ min: 1, max: 20 }),
    count: fc.integer({ min: 1, max: 8 }),
  }),
  fc.record({ kind: fc.constant("pass" as const) }),
);
const life: fc.Arbitrary<Life> = fc.record({
  steps: fc.array(step, { minLength: 20, maxLength: 60 }),
  cut: fc.integer({ min: 10, max: 250 }),
  mode: fc.constantFrom(...CRASH_MODES),
});

/** What a journal was given, over all its lives. */
class Told {
  readonly #payloads = new Map<bigint, Uint8Array>();
  readonly #forgotten = new Set<bigint>();
  #durable = 0n;
  #acknowledged = 0n;
  #letGo = 1n;
  recycled = 0;

  async live(
    { journal, clock, disk }: { journal: Journal } & SimulatedPlace,
    steps: readonly Step[],
  ) {
    const before = disk.trace.length;
    try {
      for (const next of steps) await this.#step(journal, next, () => clock.advanceAsync(120));
    } finally {
      await idle();
      const renames = disk.trace.slice(before).filter((line) => /^rename .*spare$/.test(line));
      this.recycled += renames.length;
    }
  }

  /** Checks what is there after a power cut; what was lost may be given anew. */
  async check(journal: Journal, mode: CrashMode): Promise<void> {
    const { firstSequence, lastSequence } = journal;
    expect(lastSequence >= (mode === "keep" ? this.#acknowledged : this.#durable)).toBe(true);
    expect(firstSequence <= this.#letGo).toBe(true);
    const entries = await all(journal);
    for (const { sequence, payload } of entries) {
      expect(Buffer.compare(payload, this.#payloads.get(sequence) ?? Buffer.from("?"))).toBe(0);
    }
    const found = new Set(entries.map(({ sequence }) => sequence));
    for (let at = firstSequence; at <= lastSequence; at += 1n) {
      expect(found.has(at) || this.#forgotten.has(at)).toBe(true);
    }
    this.#durable = lastSequence;
    this.#acknowledged = lastSequence;
  }

  async #step(journal: Journal, next: Step, pass: () => Promise<void>): Promise<void> {
    const { lastSequence } = journal;
    switch (next.kind) {
      case "append":
        return await this.#append(journal, next);
      case "letGo": {
        const sequence = lastSequence - BigInt(next.kept);
        if (sequence > this.#letGo) this.#letGo = sequence;
        return await journal.truncateBefore(sequence);
      }
      case "forget": {
        const first = lastSequence - BigInt(next.back);
        const wanted = first + BigInt(next.count) - 1n;
        const last = wanted > lastSequence ? lastSequence : wanted;
        if (first < 1n || last < first) return;
        await journal.forget([{ first, last }]);
        for (let at = first; at <= last; at += 1n) this.#forgotten.add(at);
        return;
      }
      case "pass":
        return await pass();
    }
  }

  async #append(journal: Journal, { sizes, durability }: Step & { kind: "append" }): Promise<void> {
    const first = journal.lastSequence + 1n;
    const payloads = sizes.map((size, at) => Buffer.alloc(size, `${first + BigInt(at)}.`));
    for (const [at, payload] of payloads.entries()) {
      this.#payloads.set(first + BigInt(at), payload);
      this.#forgotten.delete(first + BigInt(at));
    }
    const appended = await journal.append(
      payloads.map((payload) => ({ parts: [payload] })),
      { durability },
    );
    expect(appended.first).toBe(first);
    this.#acknowledged = appended.last;
    if (durability === "fsync") this.#durable = appended.last;
  }
}

it("keeps what was promised through lives on old files, each ended by a power cut", async () => {
  let recycled = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(life, { minLength: 1, maxLength: 4 }),
      fc.nat(),
      async (lives, seed) => {
        const disk = new SimulatedDisk({ seed });
        const told = new Told();
        let place = await simulated({ disk });
        for (const { steps, cut, mode } of lives) {
          disk.cutAfterOperations(cut);
          await told.live(place, steps).catch(isPowerCut);
          disk.crash({ mode });
          const isWhole = mode === "drop" || mode === "keep";
          if (isWhole) {
            const found = await findings(disk);
            expect(found.filter(({ severity }) => severity === "fault")).toEqual([]);
          }
          place = await simulated({ disk });
          if (isWhole) expect(place.recovery).toMatchObject({ tornBytes: 0, unmarked: false });
          await told.check(place.journal, mode);
        }
        recycled += told.recycled;
      },
    ),
    { numRuns: 100 },
  );
  expect(recycled).toBeGreaterThan(100);
});

/** Everything fails once the power is off; anything else is a finding. */
function isPowerCut(error: unknown): void {
  if (!/EPOWERCUT/.test(String(error))) throw error;
}
