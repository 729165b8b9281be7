#!/usr/bin/env node
// Node reads an ES module's own file on the thread pool, whose size is fixed with its first use. So
// the size is set here, in a CommonJS file, which is read without it.
process.env["UV_THREADPOOL_SIZE"] ??= "16";
// V8 lets the heap of a process that decodes much grow to several times of what lives in it before it
// collects. A broker shares its machine. Collecting at 70 % above what lives cost a tenth of the rate
// of the bench `smoke` and kept 1 million executions (`executions`) below 300 MB; at 40 % it cost a fifth.
const { setFlagsFromString } = process.getBuiltinModule("node:v8");
setFlagsFromString("--heap-growing-percent=70");
// The young generation stays small until the broker serves: see young-generation.ts.
setFlagsFromString("--semi-space-growth-factor=1");
void import("./main.js");
