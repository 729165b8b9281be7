import { nextLease } from "./check-leases.js";
import { mayHaveExpired } from "./check-publishing.js";
import { isConfirmed, mayCount } from "./check-settling.js";
import type { Delivery, EventLife, Settling, Told } from "./event-life.js";
import { type Facts, outputName } from "./facts.js";
import type { Place, Report } from "./violation.js";

/** What became of an output, as the final read shows it. */
type Fate = "stored" | "absent" | "unknown";

/** What an input shows of the acks that name one output. */
interface Claim {
  readonly place: Place;
  readonly about: string;
  readonly what: string;
}

interface Claims {
  /** Inputs whose ack cannot have counted. */
  readonly undone: Claim[];
  /** Inputs whose ack was confirmed. */
  readonly done: Claim[];
}

/**
 * An ack and the event that is published in one step with it: both or neither. They lie in different buckets, so
 * both sides are noted as they pass and compared at the end.
 */
export class Outputs {
  readonly #facts: Facts;
  readonly #fates = new Map<string, Fate>();
  readonly #claims = new Map<string, Claims>();
  readonly #owing: { readonly outputs: readonly string[]; readonly claim: Claim }[] = [];

  /** @param facts those of the whole history: they know which events are outputs */
  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** One event passes, as an output and as an input of others. */
  add(event: EventLife): void {
    const origin = event.published[0] ?? event.stored[0];
    if (origin !== undefined && this.#facts.outputs.has(nameOf(origin))) {
      this.#fates.set(nameOf(origin), fateOf(event, this.#facts));
    }
    for (const [sub, deliveries] of event.deliveries) {
      this.#addInput(deliveries, `${event.name} in ${sub}`);
    }
  }

  /** Nothing but acks of this kind may have settled an event. */
  settledOnlyBy(acks: readonly Settling[], last: Told<"delivered">, about: string): void {
    const outputs = acks.flatMap(({ output }) => (output === undefined ? [] : outputName(output)));
    const what = "never came again, and what its ack was to publish is not stored";
    this.#owing.push({ outputs, claim: { place: last.place, about, what } });
  }

  /** Compares, when everything passed. */
  check(report: Report): void {
    if (this.#facts.end === undefined) return;
    const tell = ({ place, about, what }: Claim) => report("half-done", place, about, what);
    for (const [name, { undone, done }] of this.#claims) {
      const fate = this.#fateOf(name);
      if (fate === "stored") undone.forEach(tell);
      else if (fate === "absent") done.forEach(tell);
    }
    for (const { outputs, claim } of this.#owing) {
      if (outputs.every((name) => this.#fateOf(name) === "absent")) tell(claim);
    }
  }

  #fateOf(name: string): Fate {
    return this.#fates.get(name) ?? "absent";
  }

  #addInput(deliveries: readonly Delivery[], about: string): void {
    const counted = new Set<string>();
    const undone = new Map<string, Claim>();
    for (const delivery of deliveries) {
      for (const ack of delivery.settlings) {
        if (ack.output === undefined) continue;
        const name = outputName(ack.output);
        const contradicted = contradictionOf(ack, delivery, this.#facts);
        if (contradicted === undefined) counted.add(name);
        else undone.set(name, { ...contradicted, about });
        if (isConfirmed(ack)) {
          const what = "its ack was confirmed, what it published is not stored";
          this.#claimsOf(name).done.push({ place: ack.place, about, what });
        }
      }
    }
    for (const [name, claim] of undone) {
      // Whoever asks again with the same output under a later lease needs only one of them.
      if (!counted.has(name)) this.#claimsOf(name).undone.push(claim);
    }
  }

  #claimsOf(name: string): Claims {
    const claims = this.#claims.get(name) ?? { undone: [], done: [] };
    this.#claims.set(name, claims);
    return claims;
  }
}

function nameOf({ record: { topic, source, id } }: Told<"publish" | "stored">): string {
  return outputName([topic, source, id]);
}

function fateOf(event: EventLife, facts: Facts): Fate {
  if (event.stored.length > 0) return "stored";
  return mayHaveExpired(event, facts) ? "unknown" : "absent";
}

/** Why an ack cannot have counted. */
function contradictionOf(
  ack: Settling,
  delivery: Delivery,
  facts: Facts,
): Omit<Claim, "about"> | undefined {
  if (!mayCount(ack, facts)) {
    const what = "its ack was stale, what it published is stored";
    return { place: ack.verdictPlace ?? ack.place, what };
  }
  // It is fenced: had the lease ended before, nothing would be stored.
  const later = nextLease(delivery);
  if (later === undefined) return undefined;
  const what = `leased again as ${later.record.lease}, although what its ack published is stored`;
  return { place: later.place, what };
}
