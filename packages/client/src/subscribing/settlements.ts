import {
  type PositionRanges,
  REASON_BYTES_MAX,
  SETTLEMENT_ITEMS_MAX,
  type Settlement,
  type SettlementException,
  SettlementKind,
  Verdict,
  type Verdicts,
} from "@opendxa/pubsub-protocol";

/**
 * What became of an ack, nack or extension: `settled` is durable; `stale` means that nothing changed,
 * because the lease was over or the event settled already; one that is not settled comes, or came, again;
 * `unknown` that the broker knows no such position;
 * `lost` that the subscription ended before an answer.
 */
export type SettlementOutcome = "settled" | "stale" | "unknown" | "lost";

/** Names one event for its settlement. */
export interface SettledPosition {
  /** Token of its lease. */
  readonly lease: bigint;
  /** Journal sequence of its entry. */
  readonly sequence: bigint;
  /** Its index in the entry. */
  readonly index: number;
}

/** How a nack is to be carried out. */
export interface NackOptions {
  /** Wait before the next attempt, in milliseconds, at most 7 days. Default: the subscription's backoff. */
  readonly delayMs?: number | undefined;
  /** Why; kept with the event. Cut at 1 KiB. */
  readonly reason?: string | undefined;
}

interface Settling {
  readonly position: SettledPosition;
  readonly resolve: (outcome: SettlementOutcome) => void;
}

interface Sent {
  readonly number: bigint;
  readonly words: Word[];
}

/** Events of one lease and entry that are settled alike. */
interface Item {
  readonly events: PositionRanges;
  readonly settling: Settling[];
}

/** An item, and how a message says it. */
interface Word {
  readonly item: Item;
  readonly kind: SettlementKind;
  readonly say: (message: Settlement) => void;
}

interface NackGroup {
  readonly options: NackOptions;
  readonly settling: Settling[];
}

/**
 * Gathers settlements of one turn into as few messages as possible and keeps them until the broker's
 * verdict. Pure: it knows no stream and no clock.
 */
export class Settlements {
  #acks: Settling[] = [];
  #nacks = new Map<string, NackGroup>();
  #extensions = new Map<number, Settling[]>();
  #sent: Sent[] = [];
  #number = 0n;

  /** Something waits to be sent. */
  get hasWaiting(): boolean {
    return this.#acks.length > 0 || this.#nacks.size > 0 || this.#extensions.size > 0;
  }

  /** Nothing waits for sending or for a verdict. */
  get isIdle(): boolean {
    return !this.hasWaiting && this.#sent.length === 0;
  }

  /** The event is done. */
  ack(position: SettledPosition): Promise<SettlementOutcome> {
    return new Promise((resolve) => this.#acks.push({ position, resolve }));
  }

  /**
   * The event is to come again.
   *
   * @param told called with the outcome before anything that the broker says after it is looked at
   */
  nack(
    position: SettledPosition,
    options: NackOptions,
    told: (outcome: SettlementOutcome) => void = () => undefined,
  ): Promise<SettlementOutcome> {
    const key = `${options.delayMs ?? ""}\n${options.reason ?? ""}`;
    const group = this.#nacks.get(key) ?? { options, settling: [] };
    this.#nacks.set(key, group);
    return new Promise((resolve) => {
      const tell = (outcome: SettlementOutcome) => {
        told(outcome);
        resolve(outcome);
      };
      group.settling.push({ position, resolve: tell });
    });
  }

  /** The event is kept longer; 0: for the subscription's ack deadline. */
  extend(position: SettledPosition, deadlineMs: number): Promise<SettlementOutcome> {
    const group = this.#extensions.get(deadlineMs) ?? [];
    this.#extensions.set(deadlineMs, group);
    return new Promise((resolve) => group.push({ position, resolve }));
  }

  /** The messages to send now, numbered on, each within SETTLEMENT_ITEMS_MAX. */
  take(): Settlement[] {
    const messages: Settlement[] = [];
    let sent: Sent = { number: 0n, words: [] };
    let room = 0;
    for (const word of this.#words()) {
      const { item, say } = word;
      let message = messages.at(-1);
      if (message === undefined || item.events.ranges.length > room) {
        this.#number += 1n;
        message = { number: this.#number, acks: [], nacks: [], extensions: [] };
        messages.push(message);
        sent = { number: this.#number, words: [] };
        this.#sent.push(sent);
        room = SETTLEMENT_ITEMS_MAX;
      }
      room -= item.events.ranges.length;
      say(message);
      sent.words.push(word);
    }
    return messages;
  }

  /** Takes what waits: acks, nacks, extensions. */
  #words(): Word[] {
    const acks = rangesOf(this.#acks).map((item) => ({
      item,
      kind: SettlementKind.ACK,
      say: ({ acks: said }: Settlement) => said.push(item.events),
    }));
    const nacks = [...this.#nacks.values()].flatMap(({ options, settling }) =>
      rangesOf(settling).map((item) => ({
        item,
        kind: SettlementKind.NACK,
        say: ({ nacks: said }: Settlement) =>
          said.push({
            events: item.events,
            delayMs: options.delayMs,
            reason: options.reason ?? "",
          }),
      })),
    );
    const extensions = [...this.#extensions].flatMap(([deadlineMs, settling]) =>
      rangesOf(settling).map((item) => ({
        item,
        kind: SettlementKind.EXTENSION,
        say: ({ extensions: said }: Settlement) => said.push({ events: item.events, deadlineMs }),
      })),
    );
    this.#acks = [];
    this.#nacks = new Map();
    this.#extensions = new Map();
    return [...acks, ...nacks, ...extensions];
  }

  /** Takes the broker's verdicts. */
  verdicts({ throughNumber, exceptions }: Verdicts): void {
    while (this.#sent[0] !== undefined && this.#sent[0].number <= throughNumber) {
      const { number, words } = this.#sent.shift() as Sent;
      for (const { item, kind } of words) {
        const own = exceptions.filter((each) => isAbout(each, number, kind));
        for (const { position, resolve } of item.settling) resolve(outcomeOf(position, own));
      }
    }
  }

  /**
   * The stream broke: acks without a verdict are sent again, because a late one may still be
   * accepted; for nacks and extensions the end of the stream did what they asked or undid it.
   */
  reset(): void {
    const sent = this.#sent.splice(0).flatMap(({ words }) => words);
    const acks = sent.filter(({ kind }) => kind === SettlementKind.ACK);
    this.#acks = [...acks.flatMap(({ item }) => item.settling), ...this.#acks];
    const undone = sent
      .filter(({ kind }) => kind !== SettlementKind.ACK)
      .flatMap(({ item }) => item.settling);
    const others = [...this.#nacks.values()].flatMap(({ settling }) => settling);
    const extensions = [...this.#extensions.values()].flat();
    for (const { resolve } of [...undone, ...others, ...extensions]) {
      resolve("stale");
    }
    this.#nacks = new Map();
    this.#extensions = new Map();
    this.#number = 0n;
  }

  /** No verdict will come any more. */
  abandon(): void {
    this.reset();
    for (const { resolve } of this.#acks.splice(0)) resolve("lost");
  }
}

function outcomeOf(
  position: SettledPosition,
  exceptions: readonly SettlementException[],
): SettlementOutcome {
  const exception = exceptions.find((each) => names(each, position));
  if (exception === undefined) return "settled";
  return exception.verdict === Verdict.UNKNOWN ? "unknown" : "stale";
}

/** An earlier broker says neither number nor kind: any refusal counts then, rather than none. */
function isAbout(exception: SettlementException, number: bigint, kind: SettlementKind): boolean {
  if (exception.kind === SettlementKind.UNSPECIFIED) return true;
  return exception.kind === kind && exception.number === number;
}

function names({ events, verdict }: SettlementException, position: SettledPosition): boolean {
  if (verdict === Verdict.UNSPECIFIED || events === undefined) return false;
  if (events.lease !== position.lease || events.sequence !== position.sequence) return false;
  const { index } = position;
  return (
    events.ranges.length === 0 ||
    events.ranges.some(({ first, last }) => first <= index && index <= last)
  );
}

/** Events by lease and entry, their indexes as ranges. */
export function positionRangesOf(positions: readonly SettledPosition[]): PositionRanges[] {
  const settling = positions.map((position) => ({ position, resolve: () => undefined }));
  return rangesOf(settling).map(({ events }) => events);
}

/** Items for each lease and entry, their indexes as ranges, as many as one message may have. */
function rangesOf(settling: readonly Settling[]): Item[] {
  const groups = new Map<string, Settling[]>();
  for (const one of settling) {
    const key = `${one.position.lease} ${one.position.sequence}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()].flatMap(itemsOf);
}

function itemsOf(group: Settling[]): Item[] {
  const items: Item[] = [];
  for (const one of group.sort((a, b) => a.position.index - b.position.index)) {
    const { lease, sequence, index } = one.position;
    let item = items.at(-1);
    const last = item?.events.ranges.at(-1);
    if (item !== undefined && last !== undefined && index <= last.last + 1) {
      last.last = index;
    } else {
      if (item === undefined || item.events.ranges.length >= SETTLEMENT_ITEMS_MAX) {
        item = { events: { lease, sequence, ranges: [] }, settling: [] };
        items.push(item);
      }
      item.events.ranges.push({ first: index, last: index });
    }
    item.settling.push(one);
  }
  return items;
}

/** A reason has a limit of its own; what is cut is only shown. */
export function cutReason(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.length <= REASON_BYTES_MAX) return reason;
  // A cut in the middle of a character would leave a replacement of three bytes.
  return bytes
    .subarray(0, REASON_BYTES_MAX - 3)
    .toString()
    .replace(/\uFFFD+$/, "");
}
