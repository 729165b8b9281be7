/** A durable batch that matches a subscription: what a delivery needs to know of it. */
export interface BatchRef {
  /** Sequence of its entry. */
  readonly sequence: bigint;
  /** Index of its event 0 within the entry. */
  readonly firstIndex: number;
  /** Number of its events, excluded ones included. */
  readonly count: number;
  /** Refused and duplicate events: bit i in byte i / 8, least significant first. Empty: none. */
  readonly excluded: Uint8Array;
  /** Bytes of heads and bodies. */
  readonly bytes: number;
  /** Number of its topic. */
  readonly topicId: number;
  /** Its partition. */
  readonly partition: number;
  /** Offset of its event 0. */
  readonly baseOffset: bigint;
}
