/**
 * The contract suite: every implementation of `Journal` runs it in its own tests.
 *
 * @packageDocumentation
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Journal, JournalEntry, ReadRange, StoredEntry } from "./journal.js";
import { JournalError } from "./journal-error.js";

/** A journal under test in a place of its own. */
export interface JournalSubject {
  /** Opens the journal; again after `close`, with what is stored. */
  open(): Promise<Journal>;
  /** Removes everything. */
  dispose(): Promise<void>;
}

/** What the suite needs to know of an implementation. */
export interface JournalContractOptions {
  /** A journal in a new place. Its limits must be as `entryBytesMax` and the next say. */
  readonly subject: () => Promise<JournalSubject>;
  /** Bytes of the largest entry. */
  readonly entryBytesMax: number;
  /** Bytes that may be queued. */
  readonly queuedBytesMax: number;
}

const text = (value: string): JournalEntry => ({ parts: [Buffer.from(value)] });

async function collect(journal: Journal, range: ReadRange): Promise<StoredEntry[]> {
  const entries: StoredEntry[] = [];
  for await (const entry of journal.read(range)) entries.push(entry);
  return entries;
}

/** The payload as text, "undefined" where there is no entry. */
const textOf = (entry: StoredEntry | undefined): string =>
  String(entry && Buffer.from(entry.payload));

const shown = (entries: readonly StoredEntry[]): string[] =>
  entries.map(({ sequence, payload }) => `${sequence} ${Buffer.from(payload).toString()}`);

async function reasonOf(promise: Promise<unknown> | undefined): Promise<unknown> {
  const error = await Promise.resolve(promise).catch((rejection: unknown) => rejection);
  expect(error).toBeInstanceOf(JournalError);
  return (error as JournalError).reason;
}

/** Declares the suite for one implementation. */
export function describeJournalContract(name: string, options: JournalContractOptions): void {
  describe(`${name} keeps the journal contract`, () => {
    let subject: JournalSubject;
    let journal: Journal;
    beforeEach(async () => {
      subject = await options.subject();
      journal = await subject.open();
    });
    afterEach(async () => {
      await journal.close();
      await subject.dispose();
    });
    const reopen = async (): Promise<void> => {
      await journal.close();
      journal = await subject.open();
    };
    describeAppends(() => journal, options);
    describeReads(() => journal, reopen);
    describeForgetting(() => journal, reopen);
    describeEnds(() => journal, reopen);
  });
}

function describeAppends(journal: () => Journal, options: JournalContractOptions): void {
  it("begins empty, with an id of 16 bytes", async () => {
    const { id, firstSequence, lastSequence } = journal();
    expect([id.length, firstSequence, lastSequence]).toEqual([16, 1n, 0n]);
    expect(await collect(journal(), { from: 1n })).toEqual([]);
    expect(await journal().readOne(1n)).toBeUndefined();
  });

  it("assigns sequences in the order of the calls and keeps bytes as they were", async () => {
    const first = journal().append([text("a"), { parts: [] }]);
    const second = journal().append([{ parts: [Buffer.from("b"), Buffer.from("c")] }], {
      durability: "os",
    });
    expect(await second).toEqual({ first: 3n, last: 3n });
    expect(await first).toEqual({ first: 1n, last: 2n });
    expect(journal().lastSequence).toBe(3n);
    expect(shown(await collect(journal(), { from: 1n }))).toEqual(["1 a", "2 ", "3 bc"]);
    expect(journal().bytes).toBeGreaterThan(3);
  });

  it("can be read as soon as an append resolves", async () => {
    for (const durability of ["fsync", "os"] as const) {
      const { last } = await journal().append([text(durability)], { durability });
      expect(journal().lastSequence).toBe(last);
      expect(textOf(await journal().readOne(last))).toBe(durability);
    }
  });

  it("compares expectedLast with the newest assigned sequence, at once", async () => {
    const appends = [
      journal().append([text("a")], { expectedLast: 0n }),
      journal().append([text("b")], { expectedLast: 1n }),
      journal().append([text("no")], { expectedLast: 1n }),
      journal().append([text("c")], { expectedLast: 2n }),
    ];
    const [, , refused] = appends;
    expect(await reasonOf(refused)).toBe("conflict");
    await Promise.allSettled(appends);
    expect(shown(await collect(journal(), { from: 1n }))).toEqual(["1 a", "2 b", "3 c"]);
  });

  it("refuses what is too large or nothing, and assigns nothing to it", async () => {
    const largest = { parts: [new Uint8Array(options.entryBytesMax).fill(7)] };
    const tooLarge = { parts: [...largest.parts, new Uint8Array(1)] };
    expect(await reasonOf(journal().append([text("x"), tooLarge]))).toBe("limit_exceeded");
    await expect(journal().append([])).rejects.toThrow(TypeError);
    expect(await journal().append([largest])).toEqual({ first: 1n, last: 1n });
    expect((await journal().readOne(1n))?.payload.length).toBe(options.entryBytesMax);
  });

  it("refuses more than may be queued, and takes appends again afterwards", async () => {
    const entry = { parts: [new Uint8Array(options.entryBytesMax)] };
    const count = Math.floor(options.queuedBytesMax / options.entryBytesMax) + 1;
    const appends = Array.from({ length: count }, () => journal().append([entry]));
    const settled = await Promise.allSettled(appends);
    const refused = settled.filter(({ status }) => status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    expect(await reasonOf(appends.at(-1))).toBe("overloaded");
    const stored = BigInt(count - refused.length);
    expect(await journal().append([text("after")])).toEqual({
      first: stored + 1n,
      last: stored + 1n,
    });
  });
}

function describeReads(journal: () => Journal, reopen: () => Promise<void>): void {
  const fill = async (count: number): Promise<void> => {
    const appends = Array.from({ length: count }, (_, at) =>
      journal().append([text(`e${at + 1}`)]),
    );
    await Promise.all(appends);
  };

  it.each(["before", "after"])("reads ranges %s reopening", async (when) => {
    await fill(9);
    if (when === "after") await reopen();
    expect(shown(await collect(journal(), { from: 8n }))).toEqual(["8 e8", "9 e9"]);
    expect(shown(await collect(journal(), { from: 3n, to: 4n }))).toEqual(["3 e3", "4 e4"]);
    expect(shown(await collect(journal(), { from: 0n, to: 1n }))).toEqual(["1 e1"]);
    expect(await collect(journal(), { from: 10n, to: 99n })).toEqual([]);
    expect(await collect(journal(), { from: 5n, to: 4n })).toEqual([]);
    expect(shown(await collect(journal(), { from: 2n, to: 99n, bytesMax: 5 }))).toHaveLength(2);
    expect(shown(await collect(journal(), { from: 2n, bytesMax: 0 }))).toEqual(["2 e2"]);
    expect(textOf(await journal().readOne(5n))).toBe("e5");
    expect(await journal().readOne(10n)).toBeUndefined();
    expect(await journal().readOne(0n)).toBeUndefined();
  });

  it("reads up to the newest entry at the time of the call", async () => {
    await fill(2);
    const reading = journal().read({ from: 1n });
    await fill(1);
    const seen: StoredEntry[] = [];
    for await (const entry of reading) seen.push(entry);
    expect(seen).toHaveLength(2);
  });

  it("lets entries go without ever losing one that was not named", async () => {
    for (let round = 0; round < 30; round += 1) {
      await journal().append([{ parts: [new Uint8Array(1000).fill(round)] }]);
    }
    await journal().truncateBefore(21n);
    await journal().truncateBefore(5n);
    const { firstSequence } = journal();
    expect(firstSequence <= 21n).toBe(true);
    const check = async (): Promise<void> => {
      const kept = await collect(journal(), { from: 1n });
      expect(kept[0]?.sequence).toBe(firstSequence);
      expect(kept.at(-1)?.sequence).toBe(30n);
      expect(kept).toHaveLength(Number(30n - firstSequence + 1n));
      for (const { sequence, payload } of kept) expect(payload[999]).toBe(Number(sequence) - 1);
      if (firstSequence > 1n) {
        expect(await journal().readOne(firstSequence - 1n)).toBeUndefined();
      }
    };
    await check();
    await reopen();
    expect(journal().firstSequence).toBe(firstSequence);
    await check();
  });
}

function describeForgetting(journal: () => Journal, reopen: () => Promise<void>): void {
  it("forgets what it is told and never touches anything else", async () => {
    for (let round = 1; round <= 40; round += 1) {
      await journal().append([{ parts: [new Uint8Array(1000).fill(round)] }]);
    }
    const isKept = (sequence: bigint): boolean => sequence % 5n === 0n || sequence > 33n;
    for (let first = 1n; first <= 26n; first += 5n) {
      await journal().forget([
        { first, last: first + 1n },
        { first: first + 2n, last: first + 3n },
      ]);
    }
    await journal().forget([{ first: 31n, last: 33n }]);
    const kept = Array.from({ length: 40 }, (_, at) => BigInt(at + 1)).filter(isKept);
    const check = async (): Promise<void> => {
      const found = await collect(journal(), { from: 1n });
      const sequences = found.map(({ sequence }) => sequence);
      expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => Number(a - b)));
      expect(sequences.filter(isKept)).toEqual(kept);
      for (const { sequence, payload } of found) expect(payload[999]).toBe(Number(sequence));
      for (const sequence of kept) {
        expect((await journal().readOne(sequence))?.payload[999]).toBe(Number(sequence));
      }
    };
    await check();
    await reopen();
    await check();
    await journal().forget([{ first: 1n, last: 4n }]);
    expect(await journal().append([{ parts: [new Uint8Array(1000).fill(41)] }])).toEqual({
      first: 41n,
      last: 41n,
    });
    kept.push(41n);
    await reopen();
    await check();
    const { rewrittenBytes, rewrittenSegments } = journal().figures;
    expect(Math.min(rewrittenBytes, rewrittenSegments)).toBeGreaterThanOrEqual(0);
  });

  it("forgets nothing that was never stored", async () => {
    await journal().append([text("a"), text("b")]);
    await expect(journal().forget([{ first: 2n, last: 3n }])).rejects.toThrow(RangeError);
    await expect(journal().forget([{ first: 2n, last: 1n }])).rejects.toThrow(RangeError);
    await journal().forget([]);
    await journal().forget([
      { first: 0n, last: 1n },
      { first: 1n, last: 1n },
    ]);
    expect(textOf(await journal().readOne(2n))).toBe("b");
  });
}

function describeEnds(journal: () => Journal, reopen: () => Promise<void>): void {
  it("keeps everything while the disk is nearly full, and after it", async () => {
    for (const isLow of [true, true, false]) {
      journal().noteSpace(isLow);
      for (let at = 0; at < 10; at += 1) {
        await journal().append([{ parts: [new Uint8Array(1000)] }]);
      }
      await journal().truncateBefore(journal().lastSequence - 5n);
    }
    await reopen();
    const kept = await collect(journal(), { from: 25n });
    expect(kept.map(({ sequence }) => sequence)).toEqual([25n, 26n, 27n, 28n, 29n, 30n]);
  });

  it("goes on under the same id and with the next sequence after reopening", async () => {
    const { id } = journal();
    await journal().append([text("a")], { durability: "os" });
    await reopen();
    expect(journal().id).toEqual(id);
    expect(journal().lastSequence).toBe(1n);
    expect(await journal().append([text("b")], { expectedLast: 1n })).toEqual({
      first: 2n,
      last: 2n,
    });
    await reopen();
    await reopen();
    expect(shown(await collect(journal(), { from: 1n }))).toEqual(["1 a", "2 b"]);
  });

  it("finishes what was appended before close, and takes nothing after it", async () => {
    const appended = journal().append([text("last")]);
    const closing = journal().close();
    expect(await appended).toEqual({ first: 1n, last: 1n });
    await closing;
    await journal().close();
    expect(await reasonOf(journal().append([text("no")]))).toBe("closed");
    expect(await reasonOf(journal().readOne(1n))).toBe("closed");
    expect(await reasonOf(journal().truncateBefore(1n))).toBe("closed");
    expect(await reasonOf(journal().forget([{ first: 1n, last: 1n }]))).toBe("closed");
    expect(await reasonOf(collect(journal(), { from: 1n }))).toBe("closed");
  });
}
