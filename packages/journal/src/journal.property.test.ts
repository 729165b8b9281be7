import fc from "fast-check";
import { expect, it } from "vitest";
import type { Durability, Journal } from "./index.js";
import { JournalError } from "./index.js";
import { all, FOLDER, idle, type SimulatedPlace, simulated } from "./test/journal-subjects.js";

type Step =
  | { kind: "append"; sizes: number[]; durability: Durability; isAwaited: boolean }
  | { kind: "read"; from: number; to: number; bytesMax: number }
  | { kind: "truncate"; before: number }
  | { kind: "forget"; first: number; length: number }
  | { kind: "pass"; ms: number }
  | { kind: "reopen" };

const size = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2000 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      sizes: fc.array(size, { minLength: 1, maxLength: 2 }),
      durability: fc.constantFrom<Durability>("fsync", "os"),
      isAwaited: fc.boolean(),
    }),
  },
  fc.record({
    kind: fc.constant("read" as const),
    from: fc.integer({ min: 0, max: 60 }),
    to: fc.integer({ min: 0, max: 60 }),
    bytesMax: fc.integer({ min: 0, max: 9000 }),
  }),
  fc.record({ kind: fc.constant("truncate" as const), before: fc.integer({ min: 0, max: 60 }) }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("forget" as const),
      first: fc.integer({ min: 0, max: 60 }),
      length: fc.integer({ min: 1, max: 8 }),
    }),
  },
  fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 120 }) }),
  fc.record({ kind: fc.constant("reopen" as const) }),
);

/** A journal beside the plainest model of it: all payloads in an array. */
class Compared {
  readonly #payloads: Uint8Array[] = [];
  readonly #forgotten = new Set<bigint>();
  #opened: { journal: Journal } & SimulatedPlace;
  #waiting: Promise<unknown>[] = [];

  constructor(opened: { journal: Journal } & SimulatedPlace) {
    this.#opened = opened;
  }

  async apply(step: Step): Promise<void> {
    if (step.kind !== "append") await this.settle();
    const { journal, clock, disk } = this.#opened;
    switch (step.kind) {
      case "append":
        return await this.#append(step);
      case "read":
        return await this.#read(step);
      case "truncate": {
        const before = journal.firstSequence;
        await journal.truncateBefore(BigInt(step.before));
        const allowed = before > BigInt(step.before) ? before : BigInt(step.before);
        expect(journal.firstSequence <= allowed).toBe(true);
        return;
      }
      case "forget": {
        const first = BigInt(step.first);
        const newest = journal.lastSequence;
        const wanted = first + BigInt(step.length) - 1n;
        const last = wanted > newest ? newest : wanted;
        if (first > last) return;
        await journal.forget([{ first, last }]);
        for (let gone = first; gone <= last; gone += 1n) this.#forgotten.add(gone);
        return;
      }
      case "pass":
        return await clock.advanceAsync(step.ms);
      case "reopen":
        await journal.close();
        this.#opened = await simulated({ disk });
    }
  }

  async settle(): Promise<void> {
    await Promise.all(this.#waiting);
    this.#waiting = [];
  }

  async check(): Promise<void> {
    await this.settle();
    const { journal } = this.#opened;
    expect(journal.lastSequence).toBe(BigInt(this.#payloads.length));
    await idle();
    const entries = await all(journal);
    this.#compare(
      entries.map(({ sequence }) => sequence),
      journal.firstSequence,
      journal.lastSequence,
    );
    for (const { sequence, payload } of entries) {
      const expected = this.#payloads[Number(sequence) - 1] ?? new Uint8Array();
      expect(Buffer.compare(payload, expected)).toBe(0);
    }
    expect(this.#opened.rewriteErrors).toEqual([]);
  }

  /** All of a range but what is forgotten, which may be there or not. */
  #compare(seen: readonly bigint[], from: bigint, to: bigint): void {
    const found = new Set(seen);
    const expected: bigint[] = [];
    for (let sequence = from; sequence <= to; sequence += 1n) {
      if (!this.#forgotten.has(sequence) || found.has(sequence)) expected.push(sequence);
    }
    expect(seen).toEqual(expected);
  }

  async #append(step: Step & { kind: "append" }): Promise<void> {
    const entries = step.sizes.map((bytes, at) => {
      const payload = new Uint8Array(bytes).fill(this.#payloads.length + at + 1);
      const cut = Math.floor(bytes / 3);
      return { payload, parts: [payload.subarray(0, cut), payload.subarray(cut)] };
    });
    const first = BigInt(this.#payloads.length + 1);
    this.#payloads.push(...entries.map(({ payload }) => payload));
    const appended = this.#opened.journal.append(entries, { durability: step.durability });
    this.#waiting.push(appended);
    if (!step.isAwaited && this.#waiting.length < 4) return;
    expect((await appended).first).toBe(first);
    await this.settle();
  }

  async #read(range: Step & { kind: "read" }): Promise<void> {
    const { journal } = this.#opened;
    const seen: bigint[] = [];
    let bytes = 0;
    const { from, to, bytesMax } = range;
    for await (const { sequence, payload } of journal.read({
      from: BigInt(from),
      to: BigInt(to),
      bytesMax,
    })) {
      seen.push(sequence);
      bytes += payload.length;
      expect(
        Buffer.compare(payload, this.#payloads[Number(sequence) - 1] ?? new Uint8Array()),
      ).toBe(0);
    }
    expect(bytes <= bytesMax || seen.length === 1).toBe(true);
    const first = Math.max(from, Number(journal.firstSequence));
    this.#compare(seen, BigInt(first), seen.at(-1) ?? 0n);
    const last = Math.min(to, this.#payloads.length);
    const wanted = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) =>
      BigInt(first + at),
    );
    if (wanted.some((sequence) => !this.#forgotten.has(sequence))) {
      expect(seen.length).toBeGreaterThan(0);
    }
  }
}

it("does what an array of payloads does, whatever is called in whatever order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const compared = new Compared(await simulated());
      for (const next of steps) await compared.apply(next);
      await compared.check();
    }),
    { numRuns: 150 },
  );
});

it("never serves a flipped bit: it is named, or it hit nothing that is served", async () => {
  const make = async () => {
    const place = await simulated();
    for (let at = 0; at < 12; at += 1) {
      await place.journal.append([{ parts: [new Uint8Array(700 + at).fill(at)] }], {
        durability: at % 3 === 0 ? "os" : "fsync",
      });
    }
    await place.journal.close();
    return place.disk;
  };
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(), fc.nat(7), async (file, offset, bit) => {
      const disk = await make();
      const names = await disk.readdir(FOLDER);
      const path = `${FOLDER}/${names[file % names.length]}`;
      disk.flipBit(path, offset % disk.content(path).length, bit);
      try {
        const { journal } = await simulated({ disk });
        const entries = await all(journal);
        expect(entries.map(({ payload }) => payload.length)).toEqual(
          Array.from({ length: 12 }, (_, at) => 700 + at),
        );
        for (const { sequence, payload } of entries) {
          expect(payload.every((byte) => byte === Number(sequence) - 1)).toBe(true);
        }
      } catch (error) {
        if (!(error instanceof JournalError)) throw error;
        expect(error.reason).toBe("corrupt");
        expect(error.segment).toMatch(/^\d{16}\.seg$/);
        expect(error.position).toBeTypeOf("number");
      }
    }),
    { numRuns: 400 },
  );
});
