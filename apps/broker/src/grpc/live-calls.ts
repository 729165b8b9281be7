/** A call that runs until somebody ends it. */
export interface LiveCall {
  /** The broker stops: finish what was accepted, then end. */
  shutDown(): void;
}

/** Streams that run now, so that a stopping broker can end them in order. */
export class LiveCalls {
  readonly #calls = new Set<LiveCall>();
  #isShuttingDown = false;

  /** Calls that run now. */
  get size(): number {
    return this.#calls.size;
  }

  /** The broker stops: new calls are refused. */
  get isShuttingDown(): boolean {
    return this.#isShuttingDown;
  }

  /** Notes a call; the answer removes it again. */
  add(call: LiveCall): () => void {
    this.#calls.add(call);
    if (this.#isShuttingDown) call.shutDown();
    return () => this.#calls.delete(call);
  }

  /** Ends every call. */
  shutDown(): void {
    this.#isShuttingDown = true;
    for (const call of this.#calls) call.shutDown();
  }
}
