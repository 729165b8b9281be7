// Notes what the program loads: modules, native libraries, and maps of sources. Says it after SIGUSR2.
const fs = require("node:fs");

const { dlopen } = process;
const { readFileSync } = fs;
const natives = [];
const maps = [];

process.dlopen = (module, filename, ...flags) => {
  natives.push(filename);
  return dlopen.call(process, module, filename, ...flags);
};
fs.readFileSync = (file, ...options) => {
  if (String(file).endsWith(".map")) maps.push(String(file));
  return readFileSync(file, ...options);
};

process.on("SIGUSR2", () => {
  const modules = Object.keys(require.cache).filter((file) => file !== __filename);
  process.stderr.write(`${JSON.stringify({ event: "loaded", modules, natives, maps })}\n`);
});
