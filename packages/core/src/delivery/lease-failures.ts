import { RetryCause } from "@opendxa/pubsub-protocol";
import { backoffMs } from "./backoff.js";
import type { ConsumerState } from "./consumer-ring.js";
import type { DeliveryParts } from "./delivery-parts.js";
import type { Lease } from "./lease.js";
import type { Moment } from "./moment.js";
import type { Run } from "./run.js";
import { failRun } from "./run-changes.js";

/** Ends attempts that nobody settled; all of one lease wait equally long. */
class LeaseFailures {
  readonly #parts: DeliveryParts;
  readonly #moment: Moment;
  readonly #chances = new Map<Lease, number>();

  constructor(parts: DeliveryParts, moment: Moment) {
    this.#parts = parts;
    this.#moment = moment;
  }

  fail(run: Run, cause: RetryCause): void {
    const { nowMs } = this.#moment;
    const { retry } = this.#parts.settings;
    const dueMs = nowMs + backoffMs(retry, run.attempts + 1, this.#chanceOf(run.lease));
    failRun(this.#parts, run, { nowMs, dueMs, cause, reason: run.reason });
  }

  #chanceOf(lease: Lease | undefined): number {
    const known = lease && this.#chances.get(lease);
    if (known !== undefined) return known;
    const chance = this.#moment.jitter();
    if (lease !== undefined) this.#chances.set(lease, chance);
    return chance;
  }
}

/** Of the runs of a key whose leases are over the first one: it fails, and the others wait for it. */
function earliestOverdue(run: Run, nowMs: number): Run {
  let first = run.key?.head ?? run;
  while (first !== run && first.atMs > nowMs) first = first.after ?? run;
  return first;
}

/** Fails what is leased beyond its deadline; answers whether anything was. */
export function failOverdue(parts: DeliveryParts, moment: Moment): boolean {
  const failures = new LeaseFailures(parts, moment);
  let hasFailed = false;
  for (const { book } of parts.lanes) {
    for (let run = book.overdue(moment.nowMs); run; run = book.overdue(moment.nowMs)) {
      failures.fail(earliestOverdue(run, moment.nowMs), RetryCause.DEADLINE);
      hasFailed = true;
    }
  }
  return hasFailed;
}

/** Fails what a consumer holds that is gone; of each key the first event. */
export function failConsumer(parts: DeliveryParts, consumer: ConsumerState, moment: Moment): void {
  const failures = new LeaseFailures(parts, moment);
  for (const lease of [...consumer.leases]) {
    for (const run of [...lease.runs]) {
      // An earlier one of its key may have given it back already, or been cut off it.
      if (lease.runs.has(run)) failures.fail(run.key?.head ?? run, RetryCause.DISCONNECT);
    }
  }
}
