#!/usr/bin/env node
// The thread pool's size is fixed with its first use, so it is set here, before anything else is loaded.
process.env["UV_THREADPOOL_SIZE"] ??= "16";
// V8 lets the heap of a process that decodes much grow to several times of what lives in it before it
// collects. A broker shares its machine. Collecting at 40 % above what lives costs a fifth of the rate
// of the bench `smoke`, but keeps 1 million executions (`executions`) below 300 MB; at 70 % they took 309.
const { setFlagsFromString } = process.getBuiltinModule("node:v8");
setFlagsFromString("--heap-growing-percent=40");
// The young generation stays small until the program is loaded: see young-generation.ts.
setFlagsFromString("--semi-space-growth-factor=1");
// From 22.1 on, Node keeps what it compiled, by the hash of the text. Beside the program, and not in
// the temporary folder: it is code, so whoever may write it must be who may write the program.
const { enableCompileCache } = process.getBuiltinModule("node:module") as {
  enableCompileCache?: (folder: string) => unknown;
};
enableCompileCache?.(`${__dirname}/program/compile-cache`);
// The whole program is one file, made by rolldown.config.js: to load its hundreds of modules one by one
// took more than half of a start. Its path is computed, as no check of the sources may look for it.
require(`${__dirname}/program/broker.cjs`);
