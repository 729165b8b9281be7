import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkHistory, type HistoryVerdict } from "./check-history.js";
import type { RecordBody, RecordOf } from "./record.js";

/** A record that a test may change. */
export type Loose = { k: string; t: number; n?: number } & Record<string, unknown>;
/** A history that a test may change: records by file. */
export type LooseHistory = Map<string, Loose[]>;

const ACK_DEADLINE_MS = 10_000;
const STEP_MS = 100;
const START_SIZE = 1n << 40n;
const SUBS = [
  { sub: "plain", topics: ["t/plain"], order: "none", attemptsMax: 0 },
  { sub: "letters", topics: ["t/plain"], order: "none", attemptsMax: 3 },
  { sub: "keys", topics: ["t/keys"], order: "key", attemptsMax: 0 },
] as const;

/** Parts of an accounting in which nothing of this history ever is. */
const NONE = { expired: 0, filtered: 0, skipped: 0, leased: 0, waiting: 0, unexamined: 0 };

type Sub = (typeof SUBS)[number];

interface Stored {
  readonly event: { topic: string; source: string; id: string; key?: string };
  readonly offset: number;
  readonly seq: number;
}

/** What happens to an event in a subscription before it is acked. */
const TURNS = [
  "ack",
  "ack",
  "ack",
  "nack",
  "extend",
  "kill-client",
  "kill-broker",
  "lose-stream",
  "deadline",
] as const;

/**
 * The history of a broker that does everything right, one step after another, with nacks, kills of
 * clients and of the broker, deadlines, runs of a key and dead letters.
 */
export class HistoryMaker {
  readonly history: LooseHistory = new Map();
  readonly #random: () => number;
  readonly #stored: Stored[] = [];
  readonly #lives = new Map<string, number>();
  readonly #letters: Loose[] = [];
  readonly #counts = new Map<string, { acked: number; deadLettered: number }>();
  #t = 1_000_000;
  #start = 1n;
  #lease = 0n;

  /** Makes all of it. */
  constructor(seed: number) {
    this.#random = randomOf(seed);
    this.#say("operator", { k: "process", version: 1, role: "operator", name: "operator" });
    for (const { attemptsMax, ...sub } of SUBS) {
      const bounds = { ackDeadline: ACK_DEADLINE_MS, attemptsMax };
      const deadLetterTopic = `$dead-letter/${sub.sub}`;
      this.#say("operator", { k: "subscription", ...sub, ...bounds, deadLetterTopic });
    }
    for (const sub of SUBS) for (const number of [1, 2]) this.#open(sub, number);
    for (let event = 1; event <= 12; event += 1) {
      this.#publish(event);
      if (event === 6) for (const sub of SUBS) this.#account(sub);
    }
    for (const sub of SUBS) this.#consume(sub);
    this.#finish();
  }

  /** What a subscription's accounting answers while the run goes on. */
  #account(sub: Sub): void {
    this.#t += STEP_MS;
    const asked = this.#t;
    const { acked, deadLettered } = this.#count(sub.sub);
    const covered = this.#coveredBy(sub);
    const sequence = Math.max(...covered.map(({ offset }) => offset));
    const entered = covered.length;
    const unexamined = entered - acked - deadLettered;
    const parts = { entered, acked, deadLettered, ...NONE, unexamined };
    this.#say("operator", { k: "accounting", sub: sub.sub, epoch: 1, asked, sequence, ...parts });
  }

  #say(name: string, body: RecordBody): Loose {
    const file = `${name}.jsonl`;
    const records = this.history.get(file) ?? [];
    this.history.set(file, records);
    // What the process notes next comes after everything else that happened.
    this.#t += STEP_MS;
    const record = { t: this.#t, ...body } as unknown as Loose;
    records.push(record);
    return record;
  }

  #open({ sub }: Sub, number: number): void {
    const life = (this.#lives.get(`${sub}-${number}`) ?? 0) + 1;
    this.#lives.set(`${sub}-${number}`, life);
    const name = this.#consumer(sub, number);
    this.#say(name, { k: "process", version: 1, role: "consumer", name, tellsLosses: true });
    this.#say(name, { k: "opened", sub, epoch: 1 });
  }

  #consumer(sub: string, number: number): string {
    return `${sub}-${number}.${this.#lives.get(`${sub}-${number}`)}`;
  }

  #publish(number: number): void {
    for (const topic of ["t/plain", "t/keys"]) {
      const source = number % 2 === 0 ? "even" : "odd";
      if (!this.history.has(`${source}.jsonl`)) {
        this.#say(source, { k: "process", version: 1, role: "publisher", name: source });
      }
      const key = topic === "t/keys" ? { key: `key-${Math.ceil(number / 2) % 2}` } : {};
      const event = { topic, source, id: `${topic}-${number}`, ...key };
      const seq = number;
      const offset = number * 3;
      this.#say(source, { k: "publish", ...event, seq });
      this.#say(source, { k: "acked", ...event, partition: 0, offset, duplicate: false });
      this.#stored.push({ event, offset, seq });
    }
  }

  #consume(sub: Sub): void {
    const covered = this.#coveredBy(sub);
    if (sub.order === "key") {
      this.#consumeKeys(sub, covered);
      return;
    }
    for (const [at, stored] of covered.entries()) {
      this.#live(sub, stored, 1);
      if (at % 5 === 4) this.#account(sub);
    }
  }

  #coveredBy({ topics }: Sub): readonly Stored[] {
    return this.#stored.filter(({ event }) => topics.some((each) => each === event.topic));
  }

  /** Pairs of one key come as a run. */
  #consumeKeys(sub: Sub, covered: readonly Stored[]): void {
    for (const key of new Set(covered.map(({ event }) => event.key))) {
      const chain = covered.filter(({ event }) => event.key === key);
      for (let at = 0; at < chain.length; at += 2) {
        const [first, second] = chain.slice(at, at + 2) as [Stored, Stored | undefined];
        const isRun = second !== undefined && this.#random() < 0.5;
        if (!isRun) {
          this.#live(sub, first, 1);
          if (second !== undefined) this.#live(sub, second, 1);
          continue;
        }
        const number = this.#pick([1, 2]);
        const leases = [first, second].map((each) => this.#deliver(sub, each, number, 1));
        for (const leased of leases) this.#ack(sub, leased, number);
      }
    }
  }

  #live(sub: Sub, stored: Stored, attempt: number): void {
    const number = this.#pick([1, 2]);
    const leased = this.#deliver(sub, stored, number, attempt);
    const isLast = sub.attemptsMax > 0 && attempt === sub.attemptsMax;
    const turn = isLast ? this.#pick(["ack", "nack"] as const) : this.#pick(TURNS);
    const name = this.#consumer(sub.sub, number);
    switch (turn) {
      case "ack":
        this.#ack(sub, leased, number);
        return;
      case "nack":
        this.#say(name, { k: "nack", ...leased });
        this.#say(name, { k: "verdict", ...leased, of: "nack", verdict: "settled" });
        if (isLast) this.#letter(sub, stored);
        else this.#live(sub, stored, attempt + 1);
        return;
      case "extend":
        this.#say(name, { k: "extend", ...leased, deadline: 3 * ACK_DEADLINE_MS });
        this.#say(name, { k: "verdict", ...leased, of: "extend", verdict: "settled" });
        this.#t += ACK_DEADLINE_MS;
        this.#ack(sub, leased, number);
        return;
      case "kill-client":
        this.#say("operator", { k: "kill", what: name });
        this.#open(sub, number);
        this.#live(sub, stored, attempt + 1);
        return;
      case "kill-broker":
        this.#killBroker();
        this.#live(sub, stored, attempt);
        return;
      case "lose-stream":
        this.#say(name, { k: "lost", sub: sub.sub });
        this.#say(name, { k: "opened", sub: sub.sub, epoch: 1 });
        this.#live(sub, stored, attempt + 1);
        return;
      case "deadline":
        this.#t += ACK_DEADLINE_MS + STEP_MS;
        this.#live(sub, stored, attempt + 1);
    }
  }

  /** Of each subscription the second consumer is away at that time, now and then. */
  #killBroker(): void {
    const isAway = this.#random() < 0.5;
    if (isAway) {
      for (const { sub } of SUBS) this.#say(this.#consumer(sub, 2), { k: "closing", sub });
    }
    this.#say("operator", { k: "kill", what: "broker" });
    for (const { sub } of SUBS) {
      for (const number of isAway ? [1] : [1, 2]) {
        this.#say(this.#consumer(sub, number), { k: "lost", sub });
      }
    }
    this.#start += 1n;
    this.#say("operator", { k: "start", what: "broker", number: Number(this.#start) });
    for (const { sub } of SUBS) {
      for (const number of [1, 2]) {
        this.#say(this.#consumer(sub, number), { k: "opened", sub, epoch: 1 });
      }
    }
  }

  #deliver({ sub }: Sub, { event, offset }: Stored, number: number, attempt: number) {
    // Tokens leave room for those that a test puts between.
    this.#lease += 10n;
    const leased = { ...event, sub, lease: String(this.#start * START_SIZE + this.#lease) };
    this.#t += STEP_MS;
    const place = { partition: 0, offset, sequence: offset, index: 0 };
    const leaseEnd = this.#t + ACK_DEADLINE_MS;
    const name = this.#consumer(sub, number);
    this.#say(name, { k: "delivered", ...leased, ...place, attempt, leaseEnd, epoch: 1 });
    return leased;
  }

  #ack({ sub }: Sub, leased: Leased, number: number): void {
    const name = this.#consumer(sub, number);
    this.#say(name, { k: "ack", ...leased });
    this.#say(name, { k: "verdict", ...leased, of: "ack", verdict: "settled" });
    this.#count(sub).acked += 1;
  }

  #letter({ sub, attemptsMax }: Sub, { event, offset }: Stored): void {
    this.#count(sub).deadLettered += 1;
    this.#letters.push({
      k: "deadLetter",
      t: 0,
      ...event,
      in: `$dead-letter/${sub}`,
      at: this.#letters.length,
      sub,
      cause: "nack",
      attempts: attemptsMax,
      partition: 0,
      offset,
      time: this.#t,
    });
  }

  #count(sub: string): { acked: number; deadLettered: number } {
    const count = this.#counts.get(sub) ?? { acked: 0, deadLettered: 0 };
    this.#counts.set(sub, count);
    return count;
  }

  #finish(): void {
    for (const { sub } of SUBS) {
      const { acked, deadLettered } = this.#count(sub);
      const parts = { entered: acked + deadLettered, acked, deadLettered, ...NONE };
      this.#say("operator", { k: "accounting", sub, epoch: 1, ...parts });
    }
    for (const { event, offset, seq } of this.#stored) {
      const place = { partition: 0, offset, sequence: offset };
      this.#say("operator", { k: "stored", ...event, ...place, seq, time: 0 });
    }
    for (const letter of this.#letters) {
      this.#say("operator", letter as unknown as RecordOf<"deadLetter">);
      letter.t = this.#t;
      Object.assign(this.history.get("operator.jsonl")?.at(-1) as Loose, { t: this.#t });
    }
    this.#say("operator", { k: "end", drained: true });
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T;
  }
}

type Leased = {
  topic: string;
  source: string;
  id: string;
  key?: string;
  sub: string;
  lease: string;
};

/** Writes a history, numbered on where a record has no number of its own, and judges it. */
export async function judged(
  history: LooseHistory,
  options: { readonly bucketBytes?: number } = {},
): Promise<HistoryVerdict> {
  const texts = new Map<string, string>();
  for (const [name, records] of history) {
    const lines = records.map((record, index) => JSON.stringify({ n: index + 1, ...record }));
    texts.set(name, lines.map((line) => `${line}\n`).join(""));
  }
  return await judgedTexts(texts, options);
}

/** Writes files as they are, and judges them. */
export async function judgedTexts(
  texts: ReadonlyMap<string, string>,
  options: { readonly bucketBytes?: number } = {},
): Promise<HistoryVerdict> {
  const folder = mkdtempSync(join(tmpdir(), "history-test-"));
  try {
    for (const [name, text] of texts) writeFileSync(join(folder, name), text);
    const paths = [...texts.keys()].map((name) => join(folder, name));
    return await checkHistory(paths, options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A sequence of numbers in [0, 1) that a seed repeats (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
