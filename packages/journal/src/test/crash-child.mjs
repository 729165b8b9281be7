// Run by kill.test.ts in a process of its own, to be killed: appends numbered entries without end
// and reports each batch that was acknowledged. Arguments: module to load, kind, folder,
// "retention" where old entries are let go, too.
import { randomBytes } from "node:crypto";

const [, , moduleUrl, kind, folder, retention] = process.argv;
const { NodeDisk, openJournal } = await import(moduleUrl);

const WRITERS = 4;
const ENTRIES_MAX = 400_000;

process.on("disconnect", () => process.exit(1));

const { journal } = await openJournal({
  kind,
  folder,
  disk: new NodeDisk(),
  timers: { setTimer: (callback, ms) => setTimeout(callback, ms), clearTimer: clearTimeout },
  random: { bytes: (length) => randomBytes(length) },
  limits: {
    segmentBytes: 300_000,
    rewriteBytesMin: 1000,
    entryBytesMax: 10_000,
    tailCacheBytesMax: 0,
  },
});

/** The payload says which entry it is: its writer's number and its own. */
async function write(writer) {
  for (let round = 0; round < ENTRIES_MAX; round += 1) {
    const payload = Buffer.alloc(50 + (round % 500), `${writer}-${round} `);
    const { last } = await journal.append([{ parts: [payload] }]);
    process.send({ writer, round, sequence: String(last) });
    if (round % 20 === 19) await journal.forget([{ first: last, last }]);
    const isDue = retention === "retention" && writer === 0 && round % 150 === 149;
    if (isDue) await journal.truncateBefore(last - 400n);
  }
}

await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
