import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./paths.mjs";
import { runCounted } from "./test-legs.mjs";

/**
 * The legs of `npm run test:real`: what needs more than Node and Python, or more minutes than `npm test` has.
 * Each is a program under `scripts/real/` whose output ends in the sum line, and which says
 * `skipped: reason` where a download or an interpreter cannot be had.
 */
const TABLE = [
  {
    name: "crash",
    title:
      "at least 50 SIGKILLs of a broker under load, and 10 with its journal in LevelDB, judged from outside",
    needs: "Node and Python",
    minutes: 15,
  },
  {
    name: "faults",
    title: "400 seeds of the fault matrix on the simulated disk, with negative controls",
    needs: "Node",
    minutes: 10,
  },
  {
    name: "history",
    title:
      "two minutes of many clients under SIGKILLs of broker and clients; an independent checker judges what each noted",
    needs: "Node and Python",
    minutes: 8,
  },
  {
    name: "durability",
    title:
      "a disk that drops unsynced data, under both journals and both indexes; a sync stands between write and ack",
    needs: "a C compiler, strace",
    minutes: 8,
  },
  {
    name: "grpc-tools",
    title: "grpcurl and grpc-health-probe against a broker",
    needs: "Go",
    minutes: 6,
  },
  {
    name: "dana",
    title: "a program on the real Dana runtime subscribes and publishes",
    needs: "Python 3.12 or newer",
    minutes: 8,
  },
];

/** The legs whose program exists, with what they need and their budget in minutes. */
export function realLegs() {
  return TABLE.filter(({ name }) => existsSync(join(ROOT, "scripts", "real", `${name}.mjs`))).map(
    (row) => ({
      ...row,
      group: "real",
      run: () =>
        runCounted(["node", join("scripts", "real", `${row.name}.mjs`)], {
          timeoutMs: row.minutes * 60_000,
        }),
    }),
  );
}

/** Programs of legs that the table does not know. */
export function unregisteredPrograms() {
  const folder = join(ROOT, "scripts", "real");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".mjs") && !TABLE.some(({ name }) => `${name}.mjs` === file))
    .map((file) => `scripts/real/${file}`);
}
