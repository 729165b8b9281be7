/** One event that a life tried to publish. */
export interface IssuedEvent {
  /** Topic. */
  readonly topic: string;
  /** Its id, which no other event of the topic has. */
  readonly id: string;
  /** Its payload, a function of the id. */
  readonly data: string;
  /** Order of issuing. */
  readonly order: number;
}

/** A frame of one batch that was sent and not answered, to be sent again as it was. */
export interface UnansweredBatch {
  /** Topic. */
  readonly topic: string;
  /** Its events. */
  readonly events: readonly IssuedEvent[];
  /** Producer's sequence of its event 0. */
  readonly baseSequence: bigint;
}

/** Everything that somebody outside was told, and what they asked for: what recovery is judged by. */
export class Witness {
  /** Events that were asked to be stored, by topic and id. */
  readonly issued = new Map<string, IssuedEvent>();
  /** Offsets of the events that were acknowledged, by topic and id. */
  readonly acked = new Map<string, bigint>();
  /** Batches without an answer, in their order. */
  readonly unanswered: UnansweredBatch[] = [];
  /** Events, by topic and id, whose ack was answered by a verdict. */
  readonly settled = new Set<string>();
  /** Events, by topic and id, whose ack was sent. */
  readonly settlementSent = new Set<string>();
  /** Executions whose registration was answered. */
  readonly executions = new Set<string>();
  /** Pieces of feedback whose storing was answered, by the execution that they are about. */
  readonly feedback = new Map<string, string>();
  /** Events issued so far. */
  issuedCount = 0;
}

/** Names an event in the witness's collections. */
export function eventKey(topic: string, id: string): string {
  return `${topic} ${id}`;
}
