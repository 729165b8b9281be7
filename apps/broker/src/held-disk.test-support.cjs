// A disk that stands still between one SIGUSR2 and the next: no fdatasync and no write comes back. With HELD_DISK_FIFO
// a call of the file system hangs in its thread besides, as on a device that does not answer.
const fs = require("node:fs");
const { syncBuiltinESMExports } = require("node:module");

const { fdatasync, writev } = fs;
const fifo = process.env.HELD_DISK_FIFO;
let waiting;

const say = (event) => process.stderr.write(`{"event":"${event}"}\n`);

fs.fdatasync = (fd, done) => {
  if (waiting === undefined) fdatasync(fd, done);
  else waiting.push(() => fdatasync(fd, done));
};
fs.writev = (fd, parts, position, done) => {
  if (waiting === undefined) writev(fd, parts, position, done);
  else waiting.push(() => writev(fd, parts, position, done));
};
syncBuiltinESMExports();

process.on("SIGUSR2", () => {
  const released = waiting;
  waiting = released === undefined ? [] : undefined;
  if (fifo !== undefined && released === undefined) fs.open(fifo, "r", () => undefined);
  for (const run of released ?? []) run();
  say(released === undefined ? "disk_held" : "disk_released");
});
