import { randomOf } from "./judged.test-support.js";
import { ACK_DEADLINE_MS, type Loose, type LooseHistory } from "./loose-history.test-support.js";
import {
  type Held,
  type Leased,
  type Rise,
  type Stored,
  SUBS,
  type Sub,
  TURNS,
} from "./made-events.test-support.js";
import type { RecordBody, RecordOf } from "./record.js";

const STEP_MS = 100;
const START_SIZE = 1n << 40n;
/** Parts of an accounting in which nothing of this history ever is. */
const NONE = { expired: 0, filtered: 0, skipped: 0, leased: 0, waiting: 0, unexamined: 0 };

/**
 * The history of a broker that does everything right, one step after another, with nacks, kills of
 * clients and of the broker, deadlines, extensions, runs of a key, dead letters, events that are published in
 * one step with acks, and one whose time is over before anybody takes it.
 */
export class HistoryMaker {
  readonly history: LooseHistory = new Map();
  readonly #random: () => number;
  readonly #stored: Stored[] = [];
  readonly #lives = new Map<string, number>();
  readonly #letters: Loose[] = [];
  /** Stored events that no subscription covers. */
  readonly #outputs: Stored["event"][] = [];
  readonly #counts = new Map<string, { acked: number; deadLettered: number }>();
  #t = 1_000_000;
  #start = 1n;
  #lease = 0n;
  #outputCount = 0;

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
    const expired = this.#expire();
    this.#finish(expired);
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
        this.#run(sub, [first, second]);
      }
    }
  }

  /** The second is kept now and then until long after the end that the first one's delivery told. */
  #run(sub: Sub, events: readonly Stored[]): void {
    const number = this.#pick([1, 2]);
    const isKept = this.#random() < 0.5;
    const held = events.map((each) => this.#hold(sub, each, number, 1));
    for (const [at, each] of held.entries()) {
      if (at > 0 && isKept) this.#keep(each);
      this.#ack(each);
    }
  }

  #live(sub: Sub, stored: Stored, attempt: number): void {
    const held = this.#hold(sub, stored, this.#pick([1, 2]), attempt);
    const isLast = sub.attemptsMax > 0 && attempt === sub.attemptsMax;
    const turn = isLast ? this.#pick(["ack", "nack"] as const) : this.#pick(TURNS);
    const rise = this.#turn(turn, held);
    if (turn === "nack" && isLast) this.#letter(sub, stored);
    else if (rise !== undefined) this.#live(sub, stored, attempt + rise);
  }

  #turn(turn: (typeof TURNS)[number], held: Held): Rise {
    const { sub, leased, number, name } = held;
    switch (turn) {
      case "ack":
        return this.#ack(held);
      case "nack":
        this.#say(name, { k: "nack", ...leased });
        this.#say(name, { k: "verdict", ...leased, of: "nack", verdict: "settled" });
        return 1;
      case "kill-client":
        this.#say("operator", { k: "kill", what: name });
        this.#open(sub, number);
        return 1;
      case "kill-broker":
        this.#killBroker();
        return 0;
      case "lose-stream":
        this.#loseStream(held);
        return 1;
      case "deadline":
        this.#t += ACK_DEADLINE_MS + STEP_MS;
        return 1;
      case "output":
      case "output-lost":
      case "output-undone":
        return this.#output(turn, held);
      default:
        return this.#extended(turn, held);
    }
  }

  #extended(turn: `extend${string}`, held: Held): Rise {
    switch (turn) {
      case "extend":
        this.#keep(held);
        return this.#ack(held);
      case "extend-twice":
        this.#keep(held);
        this.#extend(held, 0, "settled");
        this.#t += ACK_DEADLINE_MS / 2;
        return this.#ack(held);
      case "extend-short":
        this.#extend(held, ACK_DEADLINE_MS, "settled");
        this.#extend(held, 3 * STEP_MS, "settled");
        this.#t += 3 * STEP_MS;
        return 1;
      case "extend-lost":
        this.#extend(held, 3 * ACK_DEADLINE_MS);
        this.#loseStream(held);
        this.#say(held.name, { k: "verdict", ...held.leased, of: "extend", verdict: "lost" });
        return 1;
      case "extend-stale":
        this.#t += ACK_DEADLINE_MS + STEP_MS;
        this.#extend(held, ACK_DEADLINE_MS, "stale");
        return 1;
      default:
        // The broker never heard of it.
        this.#extend(held, 3 * ACK_DEADLINE_MS);
        this.#t += ACK_DEADLINE_MS;
        return 1;
    }
  }

  #extend({ name, leased }: Held, deadline: number, verdict?: "settled" | "stale"): void {
    this.#say(name, { k: "extend", ...leased, deadline });
    if (verdict !== undefined) this.#say(name, { k: "verdict", ...leased, of: "extend", verdict });
  }

  #keep(held: Held): void {
    this.#extend(held, 3 * ACK_DEADLINE_MS, "settled");
    this.#t += ACK_DEADLINE_MS;
  }

  #loseStream({ sub: { sub }, name }: Held): void {
    this.#say(name, { k: "lost", sub });
    this.#say(name, { k: "opened", sub, epoch: 1 });
  }

  /** The broker may end between the request and its answer, before or after both are durable. */
  #output(turn: "output" | "output-lost" | "output-undone", { sub, leased, name }: Held): Rise {
    this.#outputCount += 1;
    const event = { topic: "t/out", source: name, id: `out-${this.#outputCount}` };
    this.#say(name, { k: "ack", ...leased, output: [event.topic, event.source, event.id] });
    this.#say(name, { k: "publish", ...event });
    const isDone = turn !== "output-undone";
    if (isDone) {
      this.#outputs.push(event);
      this.#count(sub.sub).acked += 1;
    }
    if (turn === "output") {
      this.#say(name, { k: "verdict", ...leased, of: "ack", verdict: "settled" });
      this.#say(name, { k: "acked", ...event, partition: 0, offset: this.#outputs.length - 1 });
      return undefined;
    }
    this.#killBroker();
    this.#say(name, { k: "verdict", ...leased, of: "ack", verdict: "lost" });
    this.#say(name, { k: "failed", ...event, stored: "unknown", reason: "lost" });
    return isDone ? undefined : 0;
  }

  /** One event that all subscriptions of its topic let go; it may have left the log before the end. */
  #expire(): Stored {
    const source = "late";
    this.#say(source, { k: "process", version: 1, role: "publisher", name: source });
    const event = { topic: "t/plain", source, id: "expiring" };
    const [offset, seq] = [100, 1];
    this.#say(source, { k: "publish", ...event, seq, expire: this.#t + 3 * STEP_MS });
    this.#say(source, { k: "acked", ...event, partition: 0, offset });
    const stored = { event, offset, seq };
    if (this.#random() < 0.5) this.#stored.push(stored);
    this.#t += 3 * STEP_MS;
    return stored;
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

  #hold(sub: Sub, stored: Stored, number: number, attempt: number): Held {
    const name = this.#consumer(sub.sub, number);
    const leased = this.#deliver(sub, stored, name, attempt);
    return { sub, stored, leased, number, name };
  }

  #deliver({ sub }: Sub, { event, offset }: Stored, name: string, attempt: number): Leased {
    // Tokens leave room for those that a test puts between.
    this.#lease += 10n;
    const leased = { ...event, sub, lease: String(this.#start * START_SIZE + this.#lease) };
    this.#t += STEP_MS;
    const place = { partition: 0, offset, sequence: offset, index: 0 };
    const leaseEnd = this.#t + ACK_DEADLINE_MS;
    this.#say(name, { k: "delivered", ...leased, ...place, attempt, leaseEnd, epoch: 1 });
    return leased;
  }

  #ack({ sub: { sub }, leased, name }: Held): undefined {
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

  #finish({ event: { topic } }: Stored): void {
    for (const { sub, topics } of SUBS) {
      const { acked, deadLettered } = this.#count(sub);
      const expired = topics.filter((each) => each === topic).length;
      const entered = acked + deadLettered + expired;
      const parts = { ...NONE, entered, acked, deadLettered, expired };
      this.#say("operator", { k: "accounting", sub, epoch: 1, ...parts });
    }
    for (const { event, offset, seq } of this.#stored) {
      const place = { partition: 0, offset, sequence: offset };
      this.#say("operator", { k: "stored", ...event, ...place, seq, time: 0 });
    }
    for (const [offset, event] of this.#outputs.entries()) {
      this.#say("operator", { k: "stored", ...event, partition: 0, offset, time: this.#t });
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
