import { CLOCK_SLACK_MS, FACTS_MAX, LOSS_NOTICED_MS } from "./limits.js";
import type { EventIdentity, HistoryRecord, RecordOf } from "./record.js";
import type { Place } from "./violation.js";

/** What one file's process is and what happened to its streams. */
export interface ProcessFacts {
  /** Its name. */
  readonly name: string;
  /** It records every loss of its stream; otherwise one may have gone unnoticed. */
  readonly tellsLosses: boolean;
  /** Subscriptions that it opened. */
  readonly subs: Set<string>;
  /** When it lost its stream, or began to close it, and when it had opened that. */
  readonly ends: { readonly t: number; readonly isLoss: boolean; readonly openedT: number }[];
  /** When it opened its stream last. */
  openedT: number;
  /** Rises whenever what it held is gone: with every stream that is opened or lost. */
  session: number;
}

/** A fact with its place. */
export interface Placed<T> {
  /** The record. */
  readonly record: T;
  /** Where it stands. */
  readonly place: Place;
}

/** Everything of a history that is not about a single event; small beside the events, and kept whole. */
export class Facts {
  /** Processes by their file's index. */
  readonly processes: (ProcessFacts | undefined)[] = [];
  /** Subscriptions by name. */
  readonly subs = new Map<string, Placed<RecordOf<"subscription">>>();
  /** Skips of operators. */
  readonly skips: Placed<RecordOf<"skip">>[] = [];
  /** Times in which subscriptions surely dispatched nothing; `untilT` absent: to the end. */
  readonly pauses = new Map<string, { readonly fromT: number; untilT: number | undefined }[]>();
  /** Seeks of operators. */
  readonly seeks: RecordOf<"seek">[] = [];
  /** Accountings of each subscription, in the order of their records. */
  readonly accountings = new Map<string, Placed<RecordOf<"accounting">>[]>();
  /** When the broker was killed. */
  readonly brokerKills: number[] = [];
  /** When processes of clients were killed. */
  readonly processKills = new Map<string, number[]>();
  /** Events that were to be published in one step with acks, by `outputName`. */
  readonly outputs = new Set<string>();
  /** Last record of an operator, if there is one. */
  end: Placed<RecordOf<"end">> | undefined;
  /** Time of the newest record. */
  lastT = 0;
  /** Losses that a kill of the broker explains; asked for only when everything was read. */
  readonly #explained = new Map<ProcessFacts, ReadonlySet<unknown>>();
  readonly #factsMax: number;
  #count = 0;

  /** @param factsMax records that are kept at most */
  constructor(factsMax = FACTS_MAX) {
    this.#factsMax = factsMax;
  }

  /** Takes a record that is not about a single event. @throws Error naming the bound */
  add(record: HistoryRecord, file: number, place: Place): void {
    this.#countOne();
    switch (record.k) {
      case "process":
        this.processes[file] = {
          name: record.name,
          tellsLosses: record.tellsLosses ?? false,
          subs: new Set(),
          ends: [],
          openedT: record.t,
          session: 0,
        };
        break;
      case "opened":
      case "lost":
      case "closing":
        this.#stream(record, file);
        break;
      case "kill":
        if (record.what === "broker") this.brokerKills.push(record.t);
        else pushTo(this.processKills, record.what, record.t);
        break;
      default:
        this.#operator(record, place);
    }
  }

  /** Takes an ack: of one that has an output this stays known, because the two are judged apart. */
  addAck({ output }: RecordOf<"ack">): void {
    if (output === undefined) return;
    this.#countOne();
    this.outputs.add(outputName(output));
  }

  /** Names of the processes that consume a subscription. */
  consumersOf(sub: string): ProcessFacts[] {
    return this.processes.filter((each) => each?.subs.has(sub) === true) as ProcessFacts[];
  }

  /** Every loss of a stream by a subscription's consumers is known. */
  tellsLosses(sub: string): boolean {
    return this.consumersOf(sub).every(({ tellsLosses }) => tellsLosses);
  }

  /**
   * Ends of a process's streams in a time, those that a kill of the broker explains left out: of each
   * kill the first loss after it, of a stream that was opened before it, because the broker counts nothing
   * for what its own end cut off.
   */
  endsOf(process: ProcessFacts, from: number, to: number): number {
    const explained = this.#explainedBy(process);
    const within = (t: number) => from - CLOCK_SLACK_MS <= t && t <= to + CLOCK_SLACK_MS;
    const kills = this.processKills.get(process.name) ?? [];
    return (
      process.ends.filter((end) => within(end.t) && !explained.has(end)).length +
      kills.filter(within).length
    );
  }

  /** A kill of the broker lies in a time. */
  wasKilled(from: number, to: number): boolean {
    return this.brokerKills.some((t) => from - CLOCK_SLACK_MS <= t && t <= to + CLOCK_SLACK_MS);
  }

  /** The last epoch that a seek of a subscription began, 1 without any. */
  lastEpoch(sub: string): number {
    return Math.max(1, ...this.#seeksOf(sub).map(({ epoch }) => epoch));
  }

  /** The first epoch from which on every event had to come again: that of the last seek to the beginning. */
  countingEpoch(sub: string): number {
    const whole = this.#seeksOf(sub).filter(({ to }) => to === "earliest");
    return Math.max(1, ...whole.map(({ epoch }) => epoch));
  }

  /** An epoch of a subscription in which every event that it covers enters. */
  countsAll(sub: string, epoch: number): boolean {
    if (epoch === 1) return true;
    return this.#seeksOf(sub).some((seek) => seek.epoch === epoch && seek.to === "earliest");
  }

  /** A subscription was moved in a time. */
  wasSought(sub: string, from: number, to: number): boolean {
    return this.#seeksOf(sub).some(
      ({ t }) => from - CLOCK_SLACK_MS <= t && t <= to + CLOCK_SLACK_MS,
    );
  }

  #countOne(): void {
    this.#count += 1;
    if (this.#count <= this.#factsMax) return;
    throw new Error(`more than ${this.#factsMax} records beside those of events`);
  }

  #explainedBy(process: ProcessFacts): ReadonlySet<unknown> {
    const known = this.#explained.get(process);
    if (known !== undefined) return known;
    const explained = new Set<unknown>();
    for (const kill of this.brokerKills) {
      const first = process.ends.find(({ t, isLoss }) => isLoss && t >= kill - CLOCK_SLACK_MS);
      if (first === undefined || first.t > kill + LOSS_NOTICED_MS) continue;
      if (first.openedT <= kill + CLOCK_SLACK_MS) explained.add(first);
    }
    this.#explained.set(process, explained);
    return explained;
  }

  #seeksOf(sub: string): RecordOf<"seek">[] {
    return this.seeks.filter((seek) => seek.sub === sub);
  }

  #stream(record: RecordOf<"opened"> | RecordOf<"lost"> | RecordOf<"closing">, file: number): void {
    const process = this.processes[file];
    if (process === undefined) return;
    process.subs.add(record.sub);
    if (record.k !== "closing") process.session += 1;
    const { t, k } = record;
    if (k === "opened") process.openedT = t;
    else process.ends.push({ t, isLoss: k === "lost", openedT: process.openedT });
  }

  #operator(record: HistoryRecord, place: Place): void {
    if (record.k === "subscription") this.subs.set(record.sub, { record, place });
    else if (record.k === "skip") this.skips.push({ record, place });
    else if (record.k === "seek") this.seeks.push(record);
    else if (record.k === "pause" || record.k === "resume") this.#pause(record);
    else if (record.k === "accounting") pushTo(this.accountings, record.sub, { record, place });
    else if (record.k === "end") this.end = { record, place };
  }

  /** From the answer to the pause until the resume was asked for; of whoever does not say these, nothing. */
  #pause(record: RecordOf<"pause"> | RecordOf<"resume">): void {
    const { sub, t } = record;
    if (record.k === "pause") {
      if (record.done === true) pushTo(this.pauses, sub, { fromT: t, untilT: undefined });
      return;
    }
    const last = this.pauses.get(sub)?.at(-1);
    if (last !== undefined) last.untilT = record.asked ?? last.fromT;
  }
}

/** An event's identity as one text. */
export function outputName(identity: EventIdentity): string {
  return JSON.stringify(identity);
}

function pushTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
