// Run by crash.test.ts in a process of its own, to be killed: writes numbered batches without end
// and reports each one that was acknowledged. Arguments: module to load, engine, folder, the batch
// after which to flush (0 for never).
const [, , moduleUrl, prefer, folder, flushAfter] = process.argv;
const { openIndexStore } = await import(moduleUrl);

const KEYS_PER_BATCH = 10;
const BATCHES_MAX = 200_000;

process.on("disconnect", () => process.exit(1));

const store = await openIndexStore({ folder, prefer, log: () => undefined });
for (let batch = 1; batch <= BATCHES_MAX; batch += 1) {
  const number = String(batch).padStart(8, "0");
  const value = new TextEncoder().encode(`${number} `.repeat(20));
  const writes = Array.from({ length: KEYS_PER_BATCH }, (_, i) => ({
    key: `item/${number}/${i}`,
    value,
  }));
  await store.write([...writes, { key: "last", value: new TextEncoder().encode(number) }]);
  if (batch === Number(flushAfter)) {
    const isDurable = await store.flush();
    process.send({ flushed: isDurable ? batch : 0 });
  }
  process.send({ written: batch });
}
