import {
  type IndexRange,
  type PositionRanges,
  REASON_BYTES_MAX,
  SETTLEMENT_ITEMS_MAX,
  type Settlement,
  type SettlementException,
  Verdict,
  type Verdicts,
} from "@opendxa/pubsub-protocol";

/**
 * What became of an ack, nack or extension: `settled` is durable; `stale` means that the lease was
 * over, so that the event comes, or came, again; `unknown` that the broker knows no such position;
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
  readonly acks: readonly Settling[];
  readonly others: readonly Settling[];
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

  /** The messages to send now, numbered on. */
  take(): Settlement[] {
    const acks = rangesOf(this.#acks);
    const nacks = [...this.#nacks.values()].flatMap(({ options, settling }) =>
      rangesOf(settling).map((item) => ({ ...item, options })),
    );
    const extensions = [...this.#extensions].flatMap(([deadlineMs, settling]) =>
      rangesOf(settling).map((item) => ({ ...item, deadlineMs })),
    );
    this.#acks = [];
    this.#nacks = new Map();
    this.#extensions = new Map();
    const messages: Settlement[] = [];
    while (acks.length + nacks.length + extensions.length > 0) {
      const room = SETTLEMENT_ITEMS_MAX;
      const someAcks = acks.splice(0, room);
      const someNacks = nacks.splice(0, room - someAcks.length);
      const someExtensions = extensions.splice(0, room - someAcks.length - someNacks.length);
      this.#number += 1n;
      this.#sent.push({
        number: this.#number,
        acks: someAcks.flatMap(({ settling }) => settling),
        others: [...someNacks, ...someExtensions].flatMap(({ settling }) => settling),
      });
      messages.push({
        number: this.#number,
        acks: someAcks.map(({ events }) => events),
        nacks: someNacks.map(({ events, options }) => ({
          events,
          delayMs: options.delayMs,
          reason: options.reason ?? "",
        })),
        extensions: someExtensions.map(({ events, deadlineMs }) => ({ events, deadlineMs })),
      });
    }
    return messages;
  }

  /** Takes the broker's verdicts. */
  verdicts({ throughNumber, exceptions }: Verdicts): void {
    while (this.#sent[0] !== undefined && this.#sent[0].number <= throughNumber) {
      const { acks, others } = this.#sent.shift() as Sent;
      for (const { position, resolve } of [...acks, ...others]) {
        const exception = exceptions.find((each) => names(each, position));
        if (exception === undefined) resolve("settled");
        else resolve(exception.verdict === Verdict.UNKNOWN ? "unknown" : "stale");
      }
    }
  }

  /**
   * The stream broke: acks without a verdict are sent again, because a late one may still be
   * accepted; for nacks and extensions the end of the stream did what they asked or undid it.
   */
  reset(): void {
    const sent = this.#sent.splice(0);
    this.#acks = [...sent.flatMap(({ acks }) => acks), ...this.#acks];
    const others = [...this.#nacks.values()].flatMap(({ settling }) => settling);
    const extensions = [...this.#extensions.values()].flat();
    for (const { resolve } of [...sent.flatMap((item) => item.others), ...others, ...extensions]) {
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

/** One item for each lease and entry, its indexes as ranges. */
function rangesOf(
  settling: readonly Settling[],
): { events: PositionRanges; settling: Settling[] }[] {
  const groups = new Map<string, Settling[]>();
  for (const one of settling) {
    const key = `${one.position.lease} ${one.position.sequence}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()].map((group) => {
    const { lease, sequence } = (group[0] as Settling).position;
    const indexes = group.map(({ position }) => position.index);
    return { events: { lease, sequence, ranges: toRanges(indexes) }, settling: group };
  });
}

function toRanges(indexes: number[]): IndexRange[] {
  const ranges: IndexRange[] = [];
  for (const index of indexes.sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && index <= last.last + 1) last.last = index;
    else ranges.push({ first: index, last: index });
  }
  return ranges;
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
