/** Counts what was checked and says each check in one line. */
export class Tally {
  readonly #say: (line: string) => void;
  #passed = 0;
  #failed = 0;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** Whether everything so far held. */
  get isClean(): boolean {
    return this.#failed === 0;
  }

  /** Notes a check: what should hold, and whether it does. */
  check(what: string, holds: boolean): void {
    if (holds) this.#passed++;
    else this.#failed++;
    this.#say(`${holds ? "  ok    " : "  FAILED"} ${what}`);
  }

  /** The line that sums up. */
  get sum(): string {
    return `${this.#passed} passed, ${this.#failed} failed`;
  }
}
