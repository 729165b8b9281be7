// Work whose objects outlive a collection, as events in flight do: V8 wants a larger young generation.
// After SIGUSR2 it goes on for a while and then says how large that has become.
const { getHeapSpaceStatistics } = require("node:v8");

const ROUNDS = 300;
const kept = [];

function work(round) {
  for (let i = 0; i < 20_000; i += 1) kept[i] = { round, text: `${round}-${i}` };
  if (round < ROUNDS) {
    setImmediate(work, round + 1);
    return;
  }
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
  process.stderr.write(`{"event":"worked","young_bytes":${young.space_size}}\n`);
}

process.on("SIGUSR2", () => work(0));
