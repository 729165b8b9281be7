// A disk that really drops what was not synced: a broker is killed under load, its folder is put back
// to what was synced, and every acknowledged event must be there, once and in order. The same with a
// broker whose fdatasync does nothing must find losses, else this proves nothing. And strace shows a
// sync between each write and its acknowledgement.
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBroker } from "../../packages/testkit/dist/index.js";
import { run } from "../task/process.mjs";
import { judge, publishUntilCut, readAll } from "./durability/load.mjs";
import { restore, seedShadow } from "./durability/shadow.mjs";
import { checkSyncOrder } from "./durability/sync-order.mjs";

const ROUNDS = 6;
const ROUNDS_OF_OTHERS = 3;
const ACKED_PER_ROUND_MIN = 2_000;
const AFTER_MS_MAX = 400;
const NUMBERS_PER_ROUND = 1_000_000;

const folder = mkdtempSync(join(tmpdir(), "opendxa-durability-"));
const library = join(folder, "drop-unsynced.so");
const counted = { passed: 0, failed: 0, skipped: 0 };

function tell(isRight, what) {
  counted[isRight ? "passed" : "failed"] += 1;
  console.log(`${isRight ? "ok" : "FAILED"}: ${what}`);
}

function skip(reason) {
  counted.skipped += 1;
  console.log(`skipped: ${reason}`);
}

/** What is cut: the default, the other journal, and the other index under the default one. */
const KINDS = [
  { name: "segments and RocksDB", config: {}, rounds: ROUNDS },
  { name: "a journal in LevelDB", config: { journal: "level" }, rounds: ROUNDS_OF_OTHERS },
  { name: "an index in LevelDB", config: { index: "leveldb" }, rounds: ROUNDS_OF_OTHERS },
];

/** A broker under load on `data`, cut off; what a power cut leaves is built at `after`. */
async function powerCut({ data, after, from, ignore, config }) {
  const shadow = `${after}.shadow`;
  seedShadow(data, shadow);
  const env = {
    UV_USE_IO_URING: "0",
    LD_PRELOAD: library,
    DROP_FOLDER: data,
    DROP_SHADOW: shadow,
    ...(ignore === undefined ? {} : { DROP_IGNORE: ignore }),
  };
  const broker = await startBroker({ dataFolder: data, env, config });
  try {
    const afterMs = Math.floor(Math.random() * AFTER_MS_MAX);
    const cut = () => broker.kill("SIGKILL");
    const ackedMin = ACKED_PER_ROUND_MIN;
    return await publishUntilCut({ address: broker.address, from, ackedMin, afterMs, cut });
  } finally {
    await broker.stop();
    restore(shadow, statSync(data).ino, after);
    rmSync(shadow, { recursive: true, force: true });
  }
}

/** What a broker on the real disk serves out of a folder. */
async function stored(data, config) {
  const broker = await startBroker({ dataFolder: data, config });
  try {
    const events = await readAll(broker.address);
    await broker.kill("SIGTERM");
    return events;
  } finally {
    await broker.stop();
  }
}

/** Power cuts in a row, each on what the one before left. */
async function honestRounds({ name, config, rounds }) {
  const place = mkdtempSync(join(folder, "kind-"));
  let data = join(place, "round-0");
  mkdirSync(data);
  const acked = [];
  for (let round = 1; round <= rounds; round += 1) {
    const after = join(place, `round-${round}`);
    acked.push(...(await powerCut({ data, after, from: round * NUMBERS_PER_ROUND, config })));
    const events = await stored(after, config);
    const faults = judge(acked, events);
    const isRight = Object.values(faults).every((count) => count === 0);
    const what = `${name}, power cut ${round} of ${rounds}: ${acked.length} acked so far, ${events.length} stored`;
    tell(isRight, `${what}, ${JSON.stringify(faults)}`);
    rmSync(data, { recursive: true, force: true });
    data = after;
  }
}

/** The same with a broker whose fdatasync does nothing: it must lose. */
async function negativeControl({ name, config }) {
  const place = mkdtempSync(join(folder, "control-"));
  const data = join(place, "0");
  const after = join(place, "1");
  mkdirSync(data);
  const acked = await powerCut({ data, after, from: 0, ignore: "fdatasync", config });
  const what = `${name}, without fdatasync`;
  try {
    const { lost } = judge(acked, await stored(after, config));
    tell(lost > 0, `${what} the check finds losses: ${lost} of ${acked.length} acked`);
  } catch (error) {
    tell(true, `${what} the broker does not even start: ${error.message.split("\n")[0]}`);
  }
}

async function dropUnsynced() {
  if (process.platform !== "linux") return skip("durability: LD_PRELOAD needs Linux");
  const source = join(import.meta.dirname, "durability", "drop-unsynced.c");
  const flags = ["-O2", "-Wall", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"];
  const { code, output } = await run(["gcc", ...flags], { quiet: true });
  if (code === 127) return skip("durability: no gcc on PATH to build the disk that drops");
  if (code !== 0) throw new Error(`the disk that drops cannot be built:\n${output}`);
  for (const kind of KINDS) {
    await honestRounds(kind);
    await negativeControl(kind);
  }
}

async function syncOrder() {
  if ((await run(["strace", "--version"], { quiet: true })).code !== 0) {
    return skip("durability: no strace on PATH");
  }
  const { skipped, acks, unsynced, isRight } = await checkSyncOrder(folder);
  if (skipped !== undefined) return skip(`durability: strace may not follow a broker: ${skipped}`);
  tell(isRight, `strace: a sync between write and ack in ${acks - unsynced} of ${acks} acks`);
}

try {
  await dropUnsynced();
  await syncOrder();
} catch (error) {
  tell(false, error.stack);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const { passed, failed, skipped } = counted;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;
