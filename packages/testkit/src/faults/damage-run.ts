import { SeededRandom } from "@opendxa/pubsub-simulated";
import type { Defects } from "./defects.js";
import { historyOf, openWorld } from "./fault-run.js";
import { judgeEngine } from "./judge.js";
import { Life } from "./life.js";
import { DATA_FOLDER, type SimulatedEngine } from "./simulated-engine.js";
import { findingsOf } from "./verification.js";

/** What became of one flipped bit. */
export interface DamageRun {
  /** What never may happen; empty when all is well. */
  readonly faults: readonly string[];
  /** Whether it was named, in words. */
  readonly ending: string;
  /** A fingerprint of all that happened. */
  readonly history: string;
}

/** A refusal that says where: a segment or a checkpoint by name, and the byte position. */
const NAMED = /\d{16}\.seg|[0-9a-f]{16}\.(base|delta)/;

/**
 * Flips one bit of the data of an engine that was stopped in order. Then it either refuses to start
 * or to read, naming what is damaged, or everything is as it was: nothing altered is ever served.
 */
export async function runDamage(seed: number, defects: Defects = {}): Promise<DamageRun> {
  const random = new SeededRandom(seed);
  const world = await openWorld(seed, defects);
  await new Life(world, random).run();
  await world.close();
  const { path, at } = await flipOneBit(world, random);
  const flipped = `${path} at ${at}`;
  const faults: string[] = [];
  const files = (await findingsOf(world.disk)).map(({ file }) => `${DATA_FOLDER}/${file}`);
  if (!files.includes(path)) faults.push(`verify does not find it (${flipped})`);
  let ending = "flipped bit: did not matter";
  try {
    await world.crash("keep", random.nextBoolean() ? "kept" : "deleted");
    world.disk.resize(Number.MAX_SAFE_INTEGER);
    await world.open();
    const found = await judgeEngine(world, "keep");
    // Damage keeps retention from what it cannot read: that is told, and stays uncounted.
    const isTold = found.length > 0 && found.every(isUncounted) && world.warnings.some(isNamed);
    if (isTold) ending = "flipped bit: named";
    else faults.push(...found.map((fault) => `${fault} (${flipped})`));
  } catch (error) {
    const text = error instanceof Error ? `${error.message} ${causeOf(error)}` : String(error);
    ending = "flipped bit: named";
    if (!isNamed(text)) faults.push(`refused without naming the place: ${text} (${flipped})`);
  }
  await world.crash("keep", "kept");
  return { faults, ending, history: historyOf(world) };
}

function isNamed(text: string): boolean {
  return NAMED.test(text);
}

function isUncounted(fault: string): boolean {
  return fault.startsWith("expired ");
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : "";
}

async function flipOneBit(
  { disk }: SimulatedEngine,
  random: SeededRandom,
): Promise<{ readonly path: string; readonly at: number }> {
  const paths: string[] = [];
  for (const folder of ["/data/journal", "/data/checkpoints"]) {
    for (const name of await disk.readdir(folder)) paths.push(`${folder}/${name}`);
  }
  const sized = paths.map((path) => ({ path, bytes: disk.content(path).length }));
  let at = random.nextInt(0, sized.reduce((sum, { bytes }) => sum + bytes, 0) - 1);
  for (const { path, bytes } of sized) {
    if (at < bytes) {
      disk.flipBit(path, at, random.nextInt(0, 7));
      return { path, at };
    }
    at -= bytes;
  }
  throw new Error("no file holds the byte");
}
