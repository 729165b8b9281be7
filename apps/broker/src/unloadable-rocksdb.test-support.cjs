// A machine that RocksDB's binary does not fit: the system refuses to load it, everything else loads.
const { dlopen } = process;

process.dlopen = (module, filename, ...flags) => {
  if (filename.includes("rocksdb")) throw new Error(`${filename}: wrong ELF class`);
  return dlopen.call(process, module, filename, ...flags);
};
