import { SeededRandom } from "@opendxa/pubsub-simulated";
import type { FaultRun } from "./fault-run.js";
import { judgeEngine } from "./judge.js";
import { Life } from "./life.js";
import { type Defects, SimulatedEngine } from "./simulated-engine.js";
import { Witness } from "./witness.js";

/** A refusal that says where: a segment or a checkpoint by name, and the byte position. */
const NAMED = /\d{16}\.seg|[0-9a-f]{16}\.(base|delta)/;

/**
 * Flips one bit of the data of an engine that was stopped in order. Then it either refuses to start
 * or to read, naming what is damaged, or everything is as it was: nothing altered is ever served.
 */
export async function runDamage(seed: number, defects: Defects = {}): Promise<FaultRun> {
  const random = new SeededRandom(seed);
  const world = new SimulatedEngine(seed, defects);
  const witness = new Witness();
  await world.open();
  await new Life(world, witness, random).run();
  await world.close();
  const flipped = await flipOneBit(world, random);
  const faults: string[] = [];
  let ending = "flipped bit: did not matter";
  try {
    await world.crash("keep", random.nextBoolean() ? "kept" : "deleted");
    const engine = await world.open();
    const found = await judgeEngine(engine, witness, () => world.clock.advance(100));
    faults.push(...found.map((fault) => `${fault} (${flipped})`));
  } catch (error) {
    const text = error instanceof Error ? `${error.message} ${causeOf(error)}` : String(error);
    ending = "flipped bit: named";
    if (!NAMED.test(text)) faults.push(`refused without naming the place: ${text} (${flipped})`);
  }
  await world.crash("keep", "kept");
  return { faults, endings: [ending], acked: witness.acked.size };
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : "";
}

async function flipOneBit({ disk }: SimulatedEngine, random: SeededRandom): Promise<string> {
  const paths: string[] = [];
  for (const folder of ["/data/journal", "/data/checkpoints"]) {
    for (const name of await disk.readdir(folder)) paths.push(`${folder}/${name}`);
  }
  const sized = paths.map((path) => ({ path, bytes: disk.content(path).length }));
  let at = random.nextInt(0, sized.reduce((sum, { bytes }) => sum + bytes, 0) - 1);
  for (const { path, bytes } of sized) {
    if (at < bytes) {
      disk.flipBit(path, at, random.nextInt(0, 7));
      return `${path} at ${at}`;
    }
    at -= bytes;
  }
  throw new Error("no file holds the byte");
}
