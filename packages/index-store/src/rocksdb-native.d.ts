// The package ships no types. Only what rocksdb-module.ts names is used.
declare module "rocksdb-native" {
  const RocksDB: import("./rocksdb-module.js").RocksDbConstructor;
  export = RocksDB;
}
