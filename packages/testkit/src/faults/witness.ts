import { AGED, PASSING, VOLATILE } from "./topics.js";

/** One event that a life tried to publish. */
export interface IssuedEvent {
  /** Topic. */
  readonly topic: string;
  /** Its id, which no other event of the topic has. */
  readonly id: string;
  /** Its payload, a function of the id. */
  readonly data: string;
  /** Execution that it belongs to, if there is one of this name. */
  readonly correlationId: string;
  /** Order of issuing. */
  readonly order: number;
}

/** A frame of one batch as it was sent, to be sent again as it was where it is not answered. */
export interface IssuedBatch {
  /** Topic. */
  readonly topic: string;
  /** Its events. */
  readonly events: readonly IssuedEvent[];
  /** Producer's sequence of its event 0; absent: no producer. */
  readonly baseSequence: bigint | undefined;
  /** Which of the topics of this name, counted from 0. */
  readonly incarnation: number;
  /** Bytes that count for retention; 0 before it was sent. */
  bytes: number;
  /** It was not stored before this time of the broker; 0 before it was sent. */
  appendLowMs: number;
  /** Why it may have left; absent: it must be there. */
  mayBeGone: "age" | "bytes" | undefined;
}

/** Where an event that was acknowledged is. */
export interface AckedEvent {
  /** The batch. */
  readonly batch: IssuedBatch;
  /** Offset that was answered. */
  readonly offset: bigint;
}

/** How a topic that is deleted and created again stands, as far as users were told. */
export class Passing {
  /** How often it was deleted. */
  incarnation = 0;
  /** Events that the deleted ones held in all. */
  storedByDeleted = 0n;
  /** A deletion was asked for and not answered; how many events the topic held. */
  asked: bigint | undefined;
  /** Nothing says that it was created again. */
  isMissing = true;

  /** It is gone. */
  deleted(): void {
    this.storedByDeleted += this.asked ?? 0n;
    this.asked = undefined;
    this.incarnation += 1;
    this.isMissing = true;
  }
}

/** Everything that somebody outside was told, and what they asked for: what recovery is judged by. */
export class Witness {
  /** Events that were asked to be stored, by topic and id. */
  readonly issued = new Map<string, { readonly event: IssuedEvent; readonly batch: IssuedBatch }>();
  /** Batches in their order. */
  readonly batches: IssuedBatch[] = [];
  /** Events that were acknowledged, by topic and id. */
  readonly acked = new Map<string, AckedEvent>();
  /** Batches of the producer without an answer, in their order. */
  readonly unanswered: IssuedBatch[] = [];
  /** Events, by topic and id, of a batch that was refused for now and not sent again. */
  readonly refused = new Set<string>();
  /** Events, by topic and id, whose ack was answered by a verdict. */
  readonly settled = new Set<string>();
  /** Events, by topic and id, whose ack was sent. */
  readonly settlementSent = new Set<string>();
  /** Executions whose registration was answered, with the time of the broker until when they are open. */
  readonly executions = new Map<string, number>();
  /** Pieces of feedback whose storing was answered, by the execution that they are about. */
  readonly feedback = new Map<string, string>();
  /** The topic that comes and goes. */
  readonly passing = new Passing();
  /** Acknowledged events of the topic with durability OS that a power cut may take, in their order. */
  unsynced: string[] = [];
  /** Events that power cuts took within what durability OS allows. */
  lostByOs = 0;
  /** Publishes refused below the reserve. */
  refusals = 0;
  /** Things issued so far. */
  issuedCount = 0;
  /** What happened in front of everybody's eyes that never may. */
  readonly faults: string[] = [];

  /** Which topic of a name is meant now. */
  incarnationOf(topic: string): number {
    return topic === PASSING ? this.passing.incarnation : 0;
  }

  /** A batch is about to be sent. */
  sending(batch: IssuedBatch): void {
    for (const event of batch.events) {
      const key = eventKey(batch.topic, event.id);
      this.issued.set(key, { event, batch });
      this.refused.delete(key);
    }
    if (!this.batches.includes(batch)) this.batches.push(batch);
    if (batch.baseSequence !== undefined && !this.unanswered.includes(batch)) {
      this.unanswered.push(batch);
    }
  }

  /** A batch was acknowledged. */
  stored(batch: IssuedBatch, baseOffset: bigint): void {
    const at = this.unanswered.indexOf(batch);
    if (at !== -1) this.unanswered.splice(at, 1);
    for (const [i, event] of batch.events.entries()) {
      const key = eventKey(batch.topic, event.id);
      this.acked.set(key, { batch, offset: baseOffset + BigInt(i) });
      if (batch.topic === VOLATILE) this.unsynced.push(key);
    }
  }

  /** A batch was not taken, for sure. */
  refusedForNow(batch: IssuedBatch): void {
    this.refusals += 1;
    for (const event of batch.events) this.refused.add(eventKey(batch.topic, event.id));
  }

  /** Something durable was answered that was asked for when so many of `unsynced` were acknowledged. */
  synced(newest: string | undefined): void {
    const at = newest === undefined ? -1 : this.unsynced.indexOf(newest);
    this.unsynced = this.unsynced.slice(at + 1);
  }

  /** An event is known not to be stored, and nobody will send it again. */
  forget(key: string): void {
    const known = this.issued.get(key);
    if (known === undefined) return;
    this.issued.delete(key);
    this.acked.delete(key);
    this.settlementSent.delete(key);
    this.refused.delete(key);
  }

  /** Batches of the topic whose events get old that must be there still. */
  agedBatches(): readonly IssuedBatch[] {
    return this.batches.filter(({ topic, mayBeGone }) => topic === AGED && mayBeGone === undefined);
  }
}

/** Names an event in the witness's collections. */
export function eventKey(topic: string, id: string): string {
  return `${topic} ${id}`;
}
