import { SeededRandom } from "@opendxa/pubsub-simulated";
import { arm, type FaultPlan, planFaults } from "./fault-plan.js";
import { judgeEngine } from "./judge.js";
import { Life } from "./life.js";
import { LIVES } from "./limits.js";
import { type Defects, SimulatedEngine } from "./simulated-engine.js";
import { differingKeys, dumpState } from "./state-dump.js";
import { turnsUntil } from "./turns.js";
import { Witness } from "./witness.js";

/** What one seed did and what went wrong. */
export interface FaultRun {
  /** What never may happen; empty when all is well. */
  readonly faults: readonly string[];
  /** How its lives ended, in words. */
  readonly endings: readonly string[];
  /** Events that were acknowledged, and found again after every recovery. */
  readonly acked: number;
}

/** Lives through faults that a seed decides, and judges every recovery from outside. */
export async function runFaults(seed: number, defects: Defects = {}): Promise<FaultRun> {
  const run = new Run(seed, defects);
  await run.all();
  return { faults: run.faults, endings: run.endings, acked: run.witness.acked.size };
}

class Run {
  readonly witness = new Witness();
  readonly faults: string[] = [];
  readonly endings: string[] = [];
  readonly #world: SimulatedEngine;
  readonly #random: SeededRandom;

  constructor(seed: number, defects: Defects) {
    this.#world = new SimulatedEngine(seed, defects);
    this.#random = new SeededRandom(seed);
  }

  async all(): Promise<void> {
    for (let life = 0; life < LIVES && this.faults.length === 0; life += 1) {
      const plan = planFaults(this.#random);
      this.endings.push(plan.strike);
      try {
        await this.#live(plan);
        await this.#recover(plan);
        await this.#judge();
      } catch (error) {
        this.faults.push(`refused: ${error instanceof Error ? error.message : error}`);
      }
      this.#explain(plan);
    }
    await this.#world.crash("keep", "kept");
  }

  #explain(plan: FaultPlan): void {
    const how = JSON.stringify(plan);
    for (const [i, fault] of this.faults.entries()) this.faults[i] = `${fault} (${how})`;
  }

  /** The first life opens an empty disk, later ones go on in the engine that was judged. */
  async #live(plan: FaultPlan): Promise<void> {
    const world = this.#world;
    if (this.endings.length === 1) await world.open();
    arm(plan, world.disk);
    let ended = false;
    const life = new Life(world, this.witness, this.#random).run();
    void life.then(
      () => (ended = true),
      () => (ended = true),
    );
    if (!(await turnsUntil(() => ended))) this.faults.push("hangs: a call is never answered");
    if (plan.strike === "clean-stop") await world.close();
  }

  async #recover({ mode, index, clockJumpMs, secondCutAfter }: FaultPlan): Promise<void> {
    const world = this.#world;
    await world.crash(mode, index);
    world.clock.jump(clockJumpMs);
    if (secondCutAfter !== undefined) {
      world.disk.cutAfterOperations(secondCutAfter);
      await world.open().catch(() => undefined);
      await world.crash(mode, index);
    }
    await world.open();
  }

  async #judge(): Promise<void> {
    const { engine, clock } = this.#world;
    const advance = () => clock.advance(100);
    this.faults.push(...(await judgeEngine(engine, this.witness, advance)));
    if (this.faults.length > 0) return;
    await this.#settled();
    const before = await dumpState(this.#world.index);
    await this.#world.crash("keep", "deleted");
    await this.#world.open();
    await this.#settled();
    for (const key of differingKeys(before, await dumpState(this.#world.index))) {
      this.faults.push(`rebuilt to another state: ${key}`);
    }
  }

  async #settled(): Promise<void> {
    if (!(await this.#world.settled())) this.faults.push("hangs: the index never catches up");
  }
}
