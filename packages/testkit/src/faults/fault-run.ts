import { createHash } from "node:crypto";
import { dumpState } from "@opendxa/pubsub-engine/simulated";
import { JournalError } from "@opendxa/pubsub-journal";
import { PubSubError } from "@opendxa/pubsub-protocol";
import { SeededRandom } from "@opendxa/pubsub-simulated";
import type { Defects } from "./defects.js";
import { arm, type FaultPlan, isExpected, planFaults } from "./fault-plan.js";
import { ARCHIVE, LEARNER, subscriptionSettings } from "./inbox.js";
import { judgeEngine } from "./judge.js";
import { Life } from "./life.js";
import { LIVES, READ_FAULT_WITHIN } from "./limits.js";
import { SimulatedEngine } from "./simulated-engine.js";
import { turnsUntil } from "./turns.js";
import { judgeSound, judgeUnreadable } from "./verification.js";

/** What one seed did and what went wrong. */
export interface FaultRun {
  /** What never may happen; empty when all is well. */
  readonly faults: readonly string[];
  /** How its lives ended, in words. */
  readonly endings: readonly string[];
  /** Events that were acknowledged, and found again after every recovery. */
  readonly acked: number;
  /** How often what the matrix is to go through happened. */
  readonly tried: Tried;
  /** A fingerprint of all that happened: the same seed gives the same. */
  readonly history: string;
}

/** What a run went through. */
export interface Tried {
  /** See `Efforts`. */
  readonly expired: number;
  /** See `Efforts`. */
  readonly truncations: number;
  /** See `Efforts`. */
  readonly rewrites: number;
  /** See `Efforts`. */
  readonly merges: number;
  /** See `Efforts`. */
  readonly pauses: number;
  /** Topics deleted. */
  readonly deletions: number;
  /** Events that power cuts took within what durability OS allows. */
  readonly lostByOs: number;
  /** Publishes refused below the reserve. */
  readonly refusals: number;
  /** Starts that were refused because something could not be read, or the disk was full. */
  readonly refusedStarts: number;
}

/** A fingerprint of what a world's disk did and its users were told. */
export function historyOf({ disk, witness }: SimulatedEngine): string {
  const acked = [...witness.acked].map(([key, { offset }]) => `${key}=${offset}`);
  const told = [...acked, ...witness.settled, ...witness.executions.keys()];
  return createHash("sha256")
    .update([...disk.trace, ...told].join("\n"))
    .digest("hex");
}

/** Opens a world on an empty disk, with the subscriptions that count from the first event on. */
export async function openWorld(seed: number, defects: Defects): Promise<SimulatedEngine> {
  const world = new SimulatedEngine(seed, defects);
  const engine = await world.open();
  for (const name of [ARCHIVE, LEARNER]) {
    await engine.createSubscription(name, subscriptionSettings());
  }
  return world;
}

/** Lives through faults that a seed decides, and judges every recovery from outside. */
export async function runFaults(seed: number, defects: Defects = {}): Promise<FaultRun> {
  const run = new Run(seed, await openWorld(seed, defects));
  await run.all();
  return run.result();
}

class Run {
  readonly #faults: string[] = [];
  readonly #endings: string[] = [];
  readonly #world: SimulatedEngine;
  readonly #random: SeededRandom;
  #refusedStarts = 0;

  constructor(seed: number, world: SimulatedEngine) {
    this.#world = world;
    this.#random = new SeededRandom(seed);
  }

  result(): FaultRun {
    const { witness, efforts } = this.#world;
    const { expired, truncations, rewrites, merges, pauses } = efforts;
    const tried = {
      expired,
      truncations,
      rewrites,
      merges,
      pauses,
      deletions: witness.passing.incarnation,
      lostByOs: witness.lostByOs,
      refusals: witness.refusals,
      refusedStarts: this.#refusedStarts,
    };
    return {
      faults: this.#faults,
      endings: this.#endings,
      acked: witness.acked.size,
      tried,
      history: historyOf(this.#world),
    };
  }

  async all(): Promise<void> {
    for (let life = 0; life < LIVES && this.#faults.length === 0; life += 1) {
      const plan = planFaults(this.#random);
      this.#endings.push(plan.strike);
      try {
        await this.#live(plan);
        await this.#recover(plan);
        await this.#judge(plan);
      } catch (error) {
        this.#faults.push(`refused: ${error instanceof Error ? error.stack : error}`);
      }
      this.#explain(plan);
    }
    if (this.#faults.length === 0) await this.#verify();
    await this.#world.crash("keep", "kept");
  }

  /** What an orderly end leaves is sound to who looks at every byte. */
  async #verify(): Promise<void> {
    const { disk } = this.#world;
    await this.#world.close();
    this.#faults.push(...(await judgeSound(disk)));
    const nth = this.#random.nextInt(1, READ_FAULT_WITHIN);
    this.#faults.push(...(await judgeUnreadable(disk, nth)));
  }

  #explain(plan: FaultPlan): void {
    const how = JSON.stringify(plan);
    for (const [i, fault] of this.#faults.entries()) this.#faults[i] = `${fault} (${how})`;
  }

  /** Goes on from what was judged, after an end with nothing lost: that begins with a new base. */
  async #live(plan: FaultPlan): Promise<void> {
    const world = this.#world;
    await world.keepIndex();
    await world.crash("keep", "kept");
    await world.open(plan.isSlow);
    arm(plan, world.disk);
    let ended = false;
    const causes: unknown[] = [];
    const life = new Life(world, this.#random);
    void life.run().then(
      () => (ended = true),
      (error: unknown) => {
        causes.push(error);
        ended = true;
      },
    );
    if (!(await turnsUntil(() => ended))) this.#faults.push("hangs: a call is never answered");
    for (const cause of [...life.ends, ...causes]) {
      if (isExpected(plan, cause)) continue;
      this.#faults.push(`ended by ${cause instanceof Error ? cause.stack : cause}`);
    }
    if (plan.strike === "clean-stop") await world.close();
  }

  async #recover(plan: FaultPlan): Promise<void> {
    const { mode, index, clockJumpMs, secondCutAfter } = plan;
    const world = this.#world;
    await world.crash(mode, index);
    if (plan.strike === "full-disk") await this.#tryToOpen("keep");
    world.disk.resize(Number.MAX_SAFE_INTEGER);
    world.jumpWhileOff(clockJumpMs);
    if (secondCutAfter !== undefined) {
      world.disk.cutAfterOperations(secondCutAfter);
      await world.open().catch(() => undefined);
      await world.crash(mode, index);
    }
    if (plan.unreadable !== undefined) {
      world.disk.inject({ operation: "read", nth: plan.unreadable, code: "EIO" });
      await this.#tryToOpen("keep");
    }
    await world.open();
  }

  /** A start that may be refused, but only in words that say why. */
  async #tryToOpen(mode: FaultPlan["mode"]): Promise<void> {
    const world = this.#world;
    try {
      await world.open();
    } catch (error) {
      this.#refusedStarts += 1;
      const isTyped = error instanceof JournalError || error instanceof PubSubError;
      if (!isTyped) this.#faults.push(`a start is refused without a reason: ${String(error)}`);
    }
    await world.crash(mode, "kept");
  }

  async #judge({ mode }: FaultPlan): Promise<void> {
    this.#faults.push(...(await judgeEngine(this.#world, mode)));
    if (this.#faults.length > 0) return;
    await this.#settled();
    const before = await dumpState(this.#world.index);
    await this.#world.crash("keep", "deleted");
    await this.#world.open();
    await this.#settled();
    for (const line of differing(before, await dumpState(this.#world.index))) {
      this.#faults.push(`rebuilt to another state: ${line}`);
    }
  }

  async #settled(): Promise<void> {
    if (!(await this.#world.settled())) this.#faults.push("hangs: the index never catches up");
  }
}

/** Lines that only one of two states has. */
function differing(before: readonly string[], after: readonly string[]): string[] {
  const known = new Set(before);
  const found = new Set(after);
  return [
    ...before.filter((line) => !found.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !known.has(line)).map((line) => `+ ${line}`),
  ];
}
