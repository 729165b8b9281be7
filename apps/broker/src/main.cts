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
// The whole program in one file, which rolldown.config.js makes: some hundred modules one by one would
// take half of a start's time.
require("./program/broker.cjs");
